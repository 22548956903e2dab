"""Clips of drawn people and a network of random weights, for tools/search.py."""

import shutil
from collections.abc import Sequence
from pathlib import Path

import cv2
import pytest

from search.film import Film
from tests.search.people import Walk, frame, walk
from tests.search.reid_network import write_network

RATE = 10.0
NETWORK = ("index", "query", "annotate")  # commands that need one
CLIPS = {"gate": [walk(0.5, 5), walk(3, 7, top=40)], "yard": [walk(1, 6, left=40)]}


def film(file: Path, walks: Sequence[Walk], frames: int, rate: float) -> None:
    """Write a clip, and beside it the boxes of its people."""
    lines = []
    with Film(file, rate) as clip:
        for number in range(frames):
            one = frame(number, walks, rate)
            clip.add(one.image, one.time)
            boxes = [box for person in walks if (box := person(one.time))]
            lines += [f"{number + 1},-1,{x},{y},{z - x},{w - y},0.9" for x, y, z, w in boxes]
    file.with_suffix(".txt").write_text("\n".join(lines))


@pytest.fixture(scope="session")
def drawn(tmp_path_factory) -> Path:
    """A folder with weights, two clips, the boxes of each, and a picture of their first person."""
    folder = tmp_path_factory.mktemp("search")
    write_network(folder, threshold=0.98)
    for name, walks in CLIPS.items():
        film(folder / f"{name}.mp4", walks, 80, RATE)
    image = frame(25, CLIPS["gate"][:1], RATE).image
    x1, y1, x2, y2 = map(round, CLIPS["gate"][0](2.5))
    cv2.imwrite(str(folder / "red.png"), image[y1:y2, x1:x2])
    cv2.imwrite(str(folder / "scene.png"), image)
    return folder


@pytest.fixture(scope="module")
def place(drawn, tmp_path_factory) -> Path:
    """A copy of it, for the tests of a file."""
    return Path(shutil.copytree(drawn, tmp_path_factory.mktemp("place"), dirs_exist_ok=True))


@pytest.fixture(scope="module")
def search(start_in, place):
    """Run ``tools/search.py <words>`` beside the clips."""

    def run(command: str, *words: object, **kwargs):
        network = ("--weights", "net.pth", "--device", "cpu") if command in NETWORK else ()
        if command == "people" and (not words or str(words[0]).startswith("-")):
            network = ("--weights", "net.pth")
        return start_in(place, "tools/search.py", command, *network, *words, **kwargs).finish()

    return run
