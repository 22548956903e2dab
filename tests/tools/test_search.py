"""tools/search.py as a user runs it, on drawn clips with known boxes and a network of random weights."""

import csv
import io
import json
import re
import shutil
import sys
import zlib

import cv2
import numpy as np
import pytest

from search.annotate import COLOURS
from search.video import open_video
from tests.conftest import assert_refused
from tests.tools.conftest import CLIPS, RATE
from tools.search import progress


@pytest.fixture(scope="module")
def indexed(search, place):
    """The output of indexing both clips."""
    done = [search("index", f"{name}.mp4", "--detector", f"{name}.txt") for name in CLIPS]
    for one in done:
        assert one.returncode == 0, one.stderr
    return done


def test_index_tells_what_it_found_and_again_that_all_is_there(indexed, search, place):
    assert "gate.mp4 (gate): indexed, 2 tracklets" in indexed[0].stdout
    again = search("index", "gate.mp4", "--detector", "gate.txt")
    assert again.returncode == 0 and "gate.mp4 (gate): is in the gallery already, 2 tracklets" in again.stdout
    shutil.copy(place / "gate.mp4", place / "renamed.mp4")
    again = search("index", "renamed.mp4", "--detector", "gate.txt")
    assert "renamed.mp4 (gate): is in the gallery already" in again.stdout, again.stderr


def test_videos_are_listed_for_people_and_for_programs(indexed, search, place):
    listed = [line.split()[:3] for line in search("list").stdout.splitlines()]
    assert [line[1:] for line in listed[1:]] == [["gate", "gate.mp4"], ["yard", "yard.mp4"]]
    for one, (short, *_) in zip(
        json.loads(search("list", "--format", "json").stdout), listed[1:], strict=True
    ):
        assert one["video"].startswith(short) and len(short) >= 8 and one["name"] == f"{one['camera']}.mp4"
        assert one["complete"] and one["start"] is None and one["duration"] == pytest.approx(7.9, abs=0.11)
    assert search("list", "--format", "csv", "--out", "videos.csv").returncode == 0
    [gate, yard] = csv.DictReader((place / "videos.csv").open())
    assert (gate["name"], gate["start"], gate["tracklets"], yard["camera"]) == ("gate.mp4", "", "2", "yard")


def of_a_western_console() -> None:
    sys.stdout.reconfigure(encoding="cp1252")


def test_what_programs_read_is_the_same_whatever_the_encoding_of_the_console(search, place):
    name, gallery = "Tür 门 🚪", ("--gallery", "door.db")
    done = search("index", "yard.mp4", "--detector", "yard.txt", "--camera", name, *gallery)
    assert done.returncode == 0, done.stderr
    table = search("list", "--format", "csv", *gallery, before=of_a_western_console).stdout
    assert [row["camera"] for row in csv.DictReader(io.StringIO(table))] == [name]
    text = search("list", "--format", "json", *gallery, before=of_a_western_console).stdout
    assert text.isascii() and [row["camera"] for row in json.loads(text)] == [name]


def test_the_bar_tells_how_fast_it_goes_and_how_long_it_will_take(monkeypatch):
    terminal = io.StringIO()
    terminal.isatty = lambda: True
    monkeypatch.setattr(sys, "stderr", terminal)
    with progress("two\nlines.mp4", 100) as bar:
        for _ in range(40):
            bar.update()
        bar.refresh()
    shown = r"two\\nlines\.mp4: +40%\|.*\| 40/100 \[\d\d:\d\d<\d\d:\d\d, +[\d.]+ frames/s\]"
    assert re.search(shown, terminal.getvalue()), terminal.getvalue()


def test_query_finds_the_person_in_both_cameras(indexed, search, place):
    done = search("query", "red.png", "--format", "json", "--threshold", "0.9", "--sheet", "found.png")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert "Saved found.png" in done.stderr
    best = {answer["camera"]: answer for answer in reversed(found)}
    assert best["gate"]["start"] == pytest.approx(0.5, abs=0.31)
    assert best["gate"]["end"] == pytest.approx(4.9, abs=0.11)
    assert best["yard"]["start"] == pytest.approx(1, abs=0.31)
    assert cv2.imread(str(place / "found.png")) is not None


def test_several_pictures_are_asked_for_by_their_mean(indexed, search, place):
    x1, y1, x2, y2 = map(round, CLIPS["gate"][1](4.0))
    with open_video(place / "gate.mp4", start=4.0) as video:
        cv2.imwrite(str(place / "green.png"), next(video.frames()).image[y1:y2, x1:x2])

    def scores(*pictures: str) -> dict[str, float]:
        done = search("query", *pictures, "--threshold", "0", "--format", "json")
        assert done.returncode == 0, done.stderr
        return {answer["tracklets"][0]: answer["score"] for answer in json.loads(done.stdout)}

    red, green, both = scores("red.png"), scores("green.png"), scores("red.png", "green.png")
    assert len(both) == 3 and max(red, key=red.get) != max(green, key=green.get)
    length = [(red[tracklet] + green[tracklet]) / both[tracklet] for tracklet in both]  # of the two's sum
    assert length == pytest.approx([length[0]] * 3, abs=4e-4)


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


def test_it_is_said_of_how_many_videos_a_time_says_nothing(indexed, search):
    since = ("--from", "2026-10-01T00:00")
    asked = search("query", "red.png", *since, "--format", "json")
    assert asked.stdout.strip() == "[]" and "--from and --to leave 2 videos out" in asked.stderr
    shown = search("people", "--show", "--camera", "yard", *since)
    assert shown.returncode == 0 and "--from and --to leave 1 video out" in shown.stdout


def test_below_the_calibrated_threshold_nobody_is_named(indexed, search, place):
    cv2.imwrite(str(place / "grey.png"), 255 - cv2.imread(str(place / "red.png")))
    done = search("query", "grey.png", "--camera", "yard")
    assert done.returncode == 0 and "unknown" in done.stdout and "--threshold: " in done.stdout


def test_annotate_draws_boxes(indexed, search, place):
    done = search("annotate", "gate.mp4", "--out", "seen.mp4", "--image", "red.png", "--threshold", "0.9")
    assert done.returncode == 0, done.stderr
    with open_video(place / "gate.mp4") as before, open_video(place / "seen.mp4") as after:
        assert after.size == before.size
        pairs = list(zip(before.frames(), after.frames(), strict=True))
    assert len(pairs) == 80
    changes = [abs(one.image.astype(int) - two.image).mean() for one, two in pairs]
    assert changes[20] > changes[75] + 1, "somebody is marked at 2 s, nobody at 7.5 s"


def test_a_folder_of_pictures_is_annotated_at_the_rate_that_it_was_indexed_with(search, place):
    (place / "frames").mkdir()
    with open_video(place / "gate.mp4") as video:
        for frame in video.frames():
            cv2.imwrite(str(place / "frames" / f"{frame.number}.png"), frame.image)
    gallery = ("--gallery", "frames.db")
    done = search("index", "frames", "--detector", "gate.txt", "--fps", RATE, *gallery)
    assert done.returncode == 0, done.stderr
    assert search("annotate", "frames", "--out", "marked.mp4", *gallery).returncode == 0
    with open_video(place / "marked.mp4") as after:
        images = [frame.image for frame in after.frames()]
    changes = [
        abs(cv2.imread(str(place / "frames" / f"{number}.png")).astype(int) - images[number]).mean()
        for number in (20, 75)
    ]
    assert changes[0] > changes[1] + 1, "somebody is marked at 2 s, nobody at 7.5 s"


@pytest.fixture(scope="module")
def grouped(indexed, search):
    """The output of the first grouping."""
    done = search("people", "--timeline", "people.png", "--quality", "0")
    assert done.returncode == 0, done.stderr
    return done


def test_people_are_the_same_in_both_cameras_and_shown(grouped, search, place):
    said = "2 people, 2 of them new, in 3 walks, 3 of them new, joined from a similarity of 0.98 on; left out"
    assert said in grouped.stdout
    rows = [line.split()[:3] for line in grouped.stdout.splitlines() if re.match(r"\d +(gate|yard) ", line)]
    assert [row[:2] for row in rows] == [["1", "gate"], ["1", "yard"], ["2", "gate"]]
    assert cv2.imread(str(place / "people.png")) is not None
    done = search("people", "--show", "--camera", "yard", "--format", "csv", "--out", "people.csv")
    assert done.returncode == 0, done.stderr
    header, line = (place / "people.csv").read_text().splitlines()
    assert header.startswith("person,person_name,camera,start") and line.startswith("1,,yard,")


def test_people_are_named_marked_merged_and_split(grouped, search, place):
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
    assert search("annotate", "gate.mp4", "--out", "people.mp4").returncode == 0
    with open_video(place / "people.mp4", start=2.0) as video:
        label = np.median(next(video.frames()).image[9:18, 24:44], (0, 1))  # above her head at 2 s
    nearest = min(COLOURS, key=lambda colour: np.abs(label - colour).sum())
    assert nearest == COLOURS[zlib.crc32(b"Anna") % len(COLOURS)]
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
    dated = search("remove", "--to", "2026-10-01T00:00", *gallery).stdout
    assert "Removed 0 tracklets" in dated and "leave 1 video out: a date says nothing" in dated
    [yard] = json.loads(search("list", *gallery, "--format", "json").stdout)
    assert "Removed 1 tracklet\n" in search("remove", "--video", yard["video"][:6], *gallery).stdout


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
