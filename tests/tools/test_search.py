"""tools/search.py as a user runs it, on drawn clips with known boxes and a network of random weights."""

import json
import re
from pathlib import Path

import cv2
import pytest

from search.film import Film
from search.video import open_video
from tests.conftest import assert_refused
from tests.search.people import frame, walk
from tests.search.reid_network import write_network

RATE = 10.0
NETWORK = ("index", "query", "annotate")  # commands that need one
CLIPS = {"gate": [walk(0.5, 5), walk(3, 7, top=40)], "yard": [walk(1, 6, left=40)]}


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    """A folder with weights, two clips, the boxes of each, and a picture of their first person."""
    folder = tmp_path_factory.mktemp("search")
    write_network(folder, threshold=0.98)
    for name, walks in CLIPS.items():
        lines = []
        with Film(folder / f"{name}.mp4", RATE) as film:
            for number in range(80):
                one = frame(number, walks, RATE)
                film.add(one.image, one.time)
                boxes = [box for person in walks if (box := person(one.time))]
                lines += [f"{number + 1},-1,{x},{y},{z - x},{w - y},0.9" for x, y, z, w in boxes]
        (folder / f"{name}.txt").write_text("\n".join(lines))
    image = frame(25, CLIPS["gate"][:1], RATE).image
    x1, y1, x2, y2 = map(round, CLIPS["gate"][0](2.5))
    cv2.imwrite(str(folder / "red.png"), image[y1:y2, x1:x2])
    cv2.imwrite(str(folder / "scene.png"), image)
    return folder


@pytest.fixture(scope="module")
def search(start_in, place):
    """Run ``tools/search.py <words>`` beside the clips."""

    def run(command: str, *words: object):
        network = ("--weights", "net.pth", "--device", "cpu") if command in NETWORK else ()
        if command == "people" and (not words or str(words[0]).startswith("-")):
            network = ("--weights", "net.pth")
        return start_in(place, "tools/search.py", command, *network, *words).finish()

    return run


@pytest.fixture(scope="module")
def indexed(search, place):
    """The output of indexing both clips."""
    done = [search("index", f"{name}.mp4", "--detector", f"{name}.txt") for name in CLIPS]
    for one in done:
        assert one.returncode == 0, one.stderr
    return done


def test_index_tells_what_it_found_and_again_that_all_is_there(indexed, search):
    assert "gate.mp4 (gate): indexed, 2 tracklets" in indexed[0].stdout
    again = search("index", "gate.mp4", "--detector", "gate.txt")
    assert again.returncode == 0 and "gate.mp4 (gate): is in the gallery already, 2 tracklets" in again.stdout
    listed = search("list").stdout.splitlines()
    assert [line.split()[:2] for line in listed[1:]] == [["gate", "gate.mp4"], ["yard", "yard.mp4"]]


def test_query_finds_the_person_in_both_cameras(indexed, search, place):
    done = search("query", "red.png", "--format", "json", "--threshold", "0.9", "--sheet", "found.png")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout[done.stdout.index("[\n") :])
    best = {answer["camera"]: answer for answer in reversed(found)}
    assert best["gate"]["start"] == pytest.approx(0.5, abs=0.31)
    assert best["gate"]["end"] == pytest.approx(4.9, abs=0.11)
    assert best["yard"]["start"] == pytest.approx(1, abs=0.31)
    assert cv2.imread(str(place / "found.png")) is not None


def test_query_by_camera_time_and_box(indexed, search):
    words = ["scene.png", "--threshold", "0.5", "--format", "csv"]
    box = "26,20,16,40"
    done = search("query", *words, "--box", box, "--camera", "yard", "--from", "0:02", "--to", "0:03")
    assert done.returncode == 0, done.stderr
    lines = [line for line in done.stdout.splitlines() if line.count(",") == 8]
    assert len(lines) == 2 and ",yard," in lines[1]
    nothing = search("query", *words, "--box", box, "--from", "1:00")
    assert nothing.stdout.count(",yard,") == 0 and nothing.returncode == 0
    assert_refused(search("query", *words), "whole picture", "--box x,y,w,h")


def test_below_the_calibrated_threshold_nobody_is_named(indexed, search, place):
    cv2.imwrite(str(place / "grey.png"), 255 - cv2.imread(str(place / "red.png")))
    done = search("query", "grey.png", "--camera", "yard")
    assert done.returncode == 0 and "unknown" in done.stdout


def test_annotate_draws_boxes(indexed, search, place):
    done = search("annotate", "gate.mp4", "--out", "seen.mp4", "--image", "red.png", "--threshold", "0.9")
    assert done.returncode == 0, done.stderr
    with open_video(place / "gate.mp4") as before, open_video(place / "seen.mp4") as after:
        assert after.size == before.size
        pairs = list(zip(before.frames(), after.frames(), strict=True))
    assert len(pairs) == 80
    changes = [abs(one.image.astype(int) - two.image).mean() for one, two in pairs]
    assert changes[20] > changes[75] + 1, "somebody is marked at 2 s, nobody at 7.5 s"


@pytest.fixture(scope="module")
def grouped(indexed, search):
    """The output of the first grouping."""
    done = search("people", "--timeline", "people.png", "--quality", "0")
    assert done.returncode == 0, done.stderr
    return done


def test_people_are_the_same_in_both_cameras_and_shown(grouped, search, place):
    assert "2 people, 2 of them new, in 3 walks, 3 of them new; left out" in grouped.stdout
    rows = [line.split()[:3] for line in grouped.stdout.splitlines() if re.match(r"\d +(gate|yard) ", line)]
    assert [row[:2] for row in rows] == [["1", "gate"], ["1", "yard"], ["2", "gate"]]
    assert cv2.imread(str(place / "people.png")) is not None
    done = search("people", "--show", "--camera", "yard", "--format", "csv", "--out", "people.csv")
    assert done.returncode == 0, done.stderr
    header, line = (place / "people.csv").read_text().splitlines()
    assert header.startswith("person,person_name,camera,start") and line.startswith("1,,yard,")


def test_people_are_named_merged_and_split(grouped, search):
    assert "Person 1 is called Anna" in search("people", "name", "1", "Anna").stdout
    assert_refused(
        search("people", "merge", "Anna", "2"), "1 and 2 are not one person: gate saw both", "00:03"
    )
    assert "That is person 3 now" in search("people", "split", "Anna", "--camera", "yard").stdout
    found = json.loads(search("people", "--show", "--format", "json").stdout)
    assert [(row["person"], row["person_name"], row["camera"]) for row in found] == [
        (1, "Anna", "gate"),
        (2, "", "gate"),
        (3, "", "yard"),
    ]
    answer = search("query", "red.png", "--camera", "gate", "--threshold", "0.9", "--top", "1").stdout
    assert re.search(r"1\.00 +Anna +gate\.mp4", answer)
    assert "3 joined person 1" in search("people", "merge", "1", "3").stdout
    assert (
        "2 people, 0 of them new"
        in search("people", "--anew", "--threshold", "0.999999", "--quality", "0").stdout
    )


def test_remove_is_for_good(search, place):
    gallery = ("--gallery", "other.db")
    for name in CLIPS:
        assert search("index", f"{name}.mp4", "--detector", f"{name}.txt", *gallery).returncode == 0
    assert "Removed 2 tracklets" in search("remove", "--camera", "gate", *gallery).stdout
    assert "gate" not in search("list", *gallery).stdout
    assert_refused(search("remove", *gallery), "say what to remove")


def test_without_a_detector_motion_is_used_and_said(search, place):
    done = search("index", "yard.mp4", "--gallery", "motion.db", "--fps", "5")
    assert done.returncode == 0, done.stderr
    assert "Detector: motion" in done.stdout


def test_the_demo_draws_indexes_asks_and_scores(start_in, place):
    words = ("--seconds", "8", "--people", "3", "--folder", "demo", "--weights", "net.pth", "--device", "cpu")
    done = start_in(place, "tools/search.py", "demo", *words).finish()
    assert done.returncode == 0, done.stderr
    people = re.search(
        r"People: pairwise F1 ([\d.]+) .*; (\d+) people were found, (\d) are there", done.stdout
    )
    assert 0 <= float(people[1]) <= 1 and int(people[2]) >= 1 and 1 <= int(people[3]) <= 3
    assert cv2.imread(str(place / "demo" / "people.png")) is not None
    scores = re.search(
        r"IDF1 ([\d.]+), MOTA .*Rank-1 ([\d.]+), mAP ([\d.]+), over \d people", done.stdout, re.S
    )
    assert float(scores[1]) > 0.3, "motion finds most of three people"
    assert 0 <= float(scores[2]) <= 1 and 0 < float(scores[3]) <= 1
    assert cv2.imread(str(place / "demo" / "found.png")) is not None
    with open_video(place / "demo" / "seen.mp4") as video:
        assert video.duration == pytest.approx(8, abs=0.2)


def test_refusals(search, place, tmp_path):
    (place / "text.mp4").write_text("no video")
    cases = [
        (("index", "none.mp4"), "none.mp4"),
        (("index", "text.mp4"), "text.mp4"),
        (("index", "gate.mp4", "--start", "noon"), "2026-11-25T08:00"),
        (("index", "gate.mp4", "yard.mp4", "--start", "2026-11-25T08:00"), "--start"),
        (("index", "gate.mp4", "--detector", "yolo"), "yolox_nano"),
        (("index", "gate.mp4", "--every", "0"), "--every"),
        (("query", "text.mp4"), "not a picture"),
        (("query", "red.png", "--gallery", "nowhere.db"), "no gallery"),
        (("query", "red.png", "--from", "0:10", "--to", "0:05"), "is after"),
        (("query", "red.png", "--box", "1,2,3"), "x,y,width,height"),
        (("query", "red.png", "--gallery", "http://127.0.0.1:9"), "127.0.0.1:9"),
        (("index", "gate.mp4", "--weights", "none.pth"), "none.pth: no such file"),
        (("annotate", "text.mp4"), "not in the gallery"),
        (("list", "--gallery", "nowhere.db"), "no gallery"),
        (("find",), "find"),
        (("people", "--threshold", "high"), "--threshold high is not a number"),
        (("people", "--travel", "none.yml"), "cannot read none.yml"),
        (("people", "--weights", "bare.onnx"), "a threshold: make a calibration", "--threshold"),
        (("people", "name", "9", "Anna"), "no person 9"),
        (("people", "merge", "1"), "two people or more"),
        (("people", "split", "1"), "say what to split off"),
    ]
    for words, *said in cases:
        assert_refused(search(*words), *said)
