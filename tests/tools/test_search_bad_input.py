"""tools/search.py with whatever is wrong outside the program: one line, and nothing is lost."""

import json
import os
import shutil
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pytest

from search.gallery import open_gallery
from search.indexing import Writer
from search.segment import Segment
from search.video import Frame
from tests.conftest import assert_refused
from tests.search.gallery.drawn import DIM, WEIGHTS, contents
from tests.search.people import walk
from tests.tools.conftest import CLIPS, RATE, film

GATE = ("--detector", "gate.txt")
REFUSED = [
    (["index", "none.mp4"], ["none.mp4"]),
    (["index", "text.mp4"], ["text.mp4", "not a video"]),
    (["index", "cut.mp4"], ["cannot open cut.mp4", "index is missing"]),
    (["index", "gate.mp4", "text.mp4", "--gallery", "never.db"], ["text.mp4"]),
    (["index", "rtsp://me:pass@127.0.0.1:9/a"], ["rtsp://127.0.0.1:9/a is an address", "live indexes"]),
    (["index", "gate.mp4", "0", "--gallery", "never.db"], ["0 is a camera", "tools/search.py live", "./0"]),
    (["index", "https://127.0.0.1:9/a.mp4"], ["https://127.0.0.1:9/a.mp4 is an address", "download"]),
    (["index", "gate.mp4", "--start", "noon"], ["2026-11-25T08:00"]),
    (["index", "gate.mp4", "yard.mp4", "--start", "2026-11-25T08:00"], ["--start"]),
    (["index", "gate.mp4", "--detector", "yolo"], ["yolox_nano"]),
    (["index", "gate.mp4", "--detector", "text.onnx"], ["text.onnx cannot be loaded as ONNX"]),
    (["index", "gate.mp4", "--every", "0"], ["--every"]),
    (["index", "gate.mp4", "--every", "2", "--fps", "5"], ["every and fps"]),
    (["index", "gate.mp4", "--camera", "x" * 9000, *GATE], ["is too long"]),
    (["index", "gate.mp4", "--weights", "none.pth"], ["none.pth: no such file"]),
    (["index", "gate.mp4", "--weights", "alone.pth"], ["alone.pth does not fit", "run to alone.config.yml"]),
    (["index", "gate.mp4", "--weights", "text.onnx"], ["text.onnx cannot be loaded"]),
    (["index", "gate.mp4", "--gallery", "http://127.0.0.1:9"], ["127.0.0.1:9"]),
    (["query", "text.mp4"], ["not a picture"]),
    (["query", "none.png"], ["none.png: no such file"]),
    (["query", "red.png", "--gallery", "nowhere.db"], ["no gallery nowhere.db"]),
    (["query", "red.png", "--camera", "gat"], ["no camera gat (did you mean gate?)", "its cameras: gate"]),
    (["query", "red.png", "--from", "0:10", "--to", "0:05"], ["is after"]),
    (["query", "red.png", "--from", "0:10", "--to", "2026-11-25T08:00"], ["write both in the same way"]),
    (["query", "red.png", "--box", "1,2,3"], ["x,y,width,height"]),
    (["query", "red.png", "--threshold", "high"], ["--threshold high is not a number"]),
    (["query", "red.png", "--gallery", "http://127.0.0.1:9"], ["127.0.0.1:9"]),
    (["query", "scene.png"], ["whole picture", "--detector", "--box x,y,w,h"]),
    (["query", "scene.png", "--detector", "motion"], ["name one with --detector"]),
    (["annotate", "text.mp4"], ["not in the gallery"]),
    (["annotate", "none.mp4"], ["cannot read none.mp4: No such file"]),
    (["annotate", "rtsp://me:pass@127.0.0.1:9/a"], ["rtsp://127.0.0.1:9/a is an address"]),
    (["annotate", "gate.mp4", "--out", "seen.txt"], ["seen.txt", ".mp4"]),
    (["annotate", "gate.mp4", "--out", "gate.txt/seen.mp4"], ["cannot write gate.txt/seen.mp4"]),
    (["annotate", "gate.mp4", "--out", "./gate.mp4"], ["gate.mp4 is the video itself", "another", "--out"]),
    (["list", "--gallery", "nowhere.db"], ["no gallery"]),
    (["list", "--gallery", "gate.txt"], [".db"]),
    (["remove", "--video", "none.mp4"], ["none.mp4 is no file", "list shows them"]),
    (["remove", "--camera", "gate", "yard"], ["no camera yard", "its cameras: gate"]),
    (["people", "--show", "--camera", "Gate"], ["no camera Gate (did you mean gate?)"]),
    (["people", "--show", "--video", "yard.mp4"], ["yard.mp4 is not in the gallery"]),
    (["find"], ["find"]),
    (["people", "--threshold", "high"], ["--threshold high is not a number"]),
    (["people", "--travel", "none.yml"], ["cannot read none.yml"]),
    (["people", "--weights", "bare.onnx"], ["a threshold: make a calibration", "--threshold"]),
    (["people", "name", "9", "Anna"], ["no person 9"]),
    (["people", "merge", "1"], ["two people or more"]),
    (["people", "split", "1"], ["say what to split off"]),
]
# Two minutes, so that something can happen after the first.
LONG = [walk(2, 50, speed=1), walk(30, 66, left=2, speed=1, top=50)]
LONG_RATE = 2.0


@pytest.fixture(scope="module")
def indexed(search, place) -> Path:
    """A folder with a gallery that holds the first clip."""
    done = search("index", "gate.mp4", *GATE)
    assert done.returncode == 0, done.stderr
    return place


@pytest.fixture(scope="module")
def whole(search, place) -> tuple:
    """What the gallery of a long clip holds if nothing happens."""
    film(place / "long.mp4", LONG, 150, LONG_RATE)
    done = search("index", "long.mp4", "--detector", "long.txt", "--gallery", "whole.db")
    assert done.returncode == 0, done.stderr
    return held_by(place / "whole.db")


def held_by(gallery: Path) -> tuple:
    with open_gallery(str(gallery)) as opened:
        return contents(opened)


def test_refusals(search, indexed):
    for name in ("text.mp4", "text.onnx"):
        (indexed / name).write_text("no video, no network")
    shutil.copy(indexed / "net.pth", indexed / "alone.pth")
    (indexed / "cut.mp4").write_bytes((indexed / "gate.mp4").read_bytes()[:-2000])  # its index is at the end
    before, recording = held_by(indexed / "gallery.db"), (indexed / "gate.mp4").read_bytes()
    for words, said in REFUSED:
        assert_refused(search(*words), *said)
    assert held_by(indexed / "gallery.db") == before and not (indexed / "never.db").exists()
    assert (indexed / "gate.mp4").read_bytes() == recording


def test_a_scene_with_several_people_or_none(search, indexed):
    query = ("query", "scene.png", "--threshold", "0.1", "--detector", "scene.txt")
    scene = indexed / "scene.txt"
    scene.write_text("1,-1,26,20,16,40,0.9\n1,-1,70,10,16,40,0.8")
    assert_refused(search(*query), "shows 2 people", "--box 26,20,16,40 or --box 70,10,16,40")
    chosen = search(*query, "--box", "26,20,16,40", "--format", "csv")
    assert chosen.returncode == 0 and ",gate," in chosen.stdout
    scene.write_text("1,-1,26,20,16,40,0.2")
    none = search(*query, "--sheet", "seen.png")
    assert_refused(
        none, "no person found in scene.png", "--box 26,20,16,40 (score 0.20)", "drawn in seen.png"
    )
    assert (cv2.imread(str(indexed / "seen.png")) != cv2.imread(str(indexed / "scene.png"))).any()
    scene.write_text("")
    assert_refused(search(*query, "--sheet", "nothing.png"), "no person found", "--box x,y,w,h")
    assert not (indexed / "nothing.png").exists()
    scene.write_text("1,-1,26,20,16,40,0.9")
    assert search(*query).returncode == 0


def test_a_video_without_people_is_no_error(search, place):
    (place / "nobody.txt").write_text("")
    done = search("index", "yard.mp4", "--detector", "nobody.txt", "--gallery", "nobody.db")
    assert done.returncode == 0 and "indexed, 0 tracklets" in done.stdout
    found = search("query", "red.png", "--gallery", "nobody.db", "--format", "json")
    assert found.returncode == 0 and found.stdout.endswith("[]\n")
    assert search("annotate", "yard.mp4", "--gallery", "nobody.db").returncode == 0


@pytest.mark.parametrize("end", [b"", np.random.default_rng(0).bytes(5000)], ids=["nothing", "garbage"])
def test_of_a_broken_file_what_was_read_before_stays(search, place, end):
    film(place / "cut.mkv", CLIPS["gate"], 80, RATE)
    content = (place / "cut.mkv").read_bytes()
    (place / "cut.mkv").write_bytes(content[: len(content) // 2] + end)
    gallery = ("--gallery", f"cut{len(end)}.db")
    done = search("index", "cut.mkv", "--detector", "cut.txt", *gallery)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("cut.mkv: breaks off at") == 1 and "what comes before was read" in done.stdout
    found = search("query", "red.png", *gallery, "--threshold", "0.9", "--format", "csv")
    assert found.returncode == 0 and ",cut.mkv," in found.stdout


@pytest.mark.skipif(sys.platform != "linux", reason="names of files are bytes on Linux only")
def test_any_name_of_a_file(search, place):
    name = os.fsdecode(b"..a\n'\xff\x1b[31m$.mp4")
    shutil.copy(place / "gate.mp4", place / name)
    gallery = ("--gallery", "odd\n.db")
    done = search("index", f"../{place.name}/{name}", *GATE, *gallery)
    shown = "..a\\n'\\udcff\\x1b[31m$"
    assert done.returncode == 0 and f"{shown}.mp4 ({shown}): indexed" in done.stdout
    listed = search("list", *gallery).stdout.splitlines()
    assert len(listed) == 2 and f"{shown}.mp4" in listed[1]
    query = ("query", "red.png", "--threshold", "0.9", *gallery)
    assert search(*query, "--format", "json", "--out", "new/odd.json").returncode == 0
    found = json.loads((place / "new" / "odd.json").read_text())
    assert found[0]["name"] == name and found[0]["camera"] == Path(name).stem
    assert search(*query, "--camera", Path(name).stem, "--sheet", "odd.png").stdout.count(f"{shown}.mp4") >= 1
    assert cv2.imread(str(place / "odd.png")) is not None
    annotated = search("annotate", name, *gallery)
    assert annotated.returncode == 0 and f"Saved {shown}-people.mp4" in annotated.stdout
    assert "Removed 2 tracklets" in search("remove", "--video", name, *gallery).stdout


def test_what_cannot_be_written(search, indexed):
    files = [
        ("--out", "gate.txt/found.csv"),
        ("--out", indexed),
        ("--sheet", "."),
        ("--sheet", "gate.txt/a.png"),
    ]
    for flag, file in files:
        assert_refused(search("query", "red.png", flag, file), f"cannot write {file}: ")
    assert not list(indexed.rglob("*.part"))


def test_a_gallery_that_is_in_use_or_damaged(search, place):
    with open_gallery(str(place / "used.db"), WEIGHTS, DIM):
        assert_refused(search("list", "--gallery", "used.db"), "used.db is in use by another process")
    (place / "used.db" / "collections" / "gallery_tracklets" / "schema.json").write_text("{")
    for words in (("list",), ("query", "red.png"), ("index", "gate.mp4", *GATE)):
        assert_refused(search(*words, "--gallery", "used.db"), "used.db is damaged", "restore it from a copy")


def in_the_second_minute(action: Callable[[], object]) -> None:
    """Let the program do something in a video's second minute, once the first is in the gallery."""
    written, finish, add = threading.Event(), Writer.finish, Segment.add

    def finish_and_tell(writer: Writer, segment: int) -> None:
        finish(writer, segment)
        written.set()

    def act_and_add(segment: Segment, frame: Frame, found: object) -> None:
        if segment.number == 1 and frame.time > 65 and written.wait(60):
            action()
        add(segment, frame, found)

    Writer.finish, Segment.add = finish_and_tell, act_and_add


def interrupt() -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
    signal.raise_signal(signal.SIGINT)


def fill(disk: Path) -> None:
    with suppress(OSError), open(disk / "ballast", "ab", buffering=0) as stream:
        while True:
            stream.write(bytes(4096))


@pytest.mark.skipif(sys.platform == "win32", reason="sends a signal as Unix does")
def test_ctrl_c_is_one_line_and_the_same_command_resumes(search, place, whole):
    words = ("index", "long.mp4", "--detector", "long.txt", "--gallery", "stopped.db")
    done = search(*words, before=partial(in_the_second_minute, interrupt))
    assert done.returncode == 130, done.stdout + done.stderr
    assert done.stderr == "stopped by Ctrl-C; run the same command again: it resumes\n"
    done = search(*words)
    assert done.returncode == 0 and "long.mp4: resumed at 60 s" in done.stdout
    assert held_by(place / "stopped.db") == whole


def test_a_full_disk_is_one_line_and_the_same_command_resumes(search, small_disk, whole):
    words = ("index", "long.mp4", "--detector", "long.txt", "--gallery", small_disk / "gallery.db")
    done = search(*words, before=partial(in_the_second_minute, partial(fill, small_disk)))
    assert_refused(done, "cannot write", "No space left on device", "run the same command again: it resumes")
    (small_disk / "ballast").unlink()
    done = search(*words)
    assert done.returncode == 0 and "long.mp4: resumed at 60 s" in done.stdout
    assert held_by(small_disk / "gallery.db") == whole
