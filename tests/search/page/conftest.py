"""A page over a tiny gallery: two cameras, three tracklets of two people, known by their colours."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pytest

from search.calibration import Calibration
from search.footage import Footage
from search.gallery import Gallery, open_gallery
from search.indexing import Indexer
from search.page import Adding, Desk, Server
from search.page.library import Library
from search.people import Grouping, group_people
from search.tracker import Tracker
from tests.search.page.client import Client
from tests.search.people import ColourDetector, ColourEmbedder, KnowingDetector, detections, frame, walk
from tests.tools.conftest import RATE, film

START = 1_764_000_000.0  # of the film of the gate
GATE = [walk(0.5, 5), walk(3, 7, top=40)]  # a red one, and a green one
YARD = [walk(1, 6, left=40)]  # the red one again
LIMIT = 1 << 20  # bytes of an upload
THRESHOLD = 0.95
GROUPING = Grouping(Calibration.fixed(THRESHOLD), quality=0.0)


def write_films(folder: Path) -> None:
    """Write the two films, and a third one, which is not in the gallery."""
    for name, walks in {"gate": GATE, "yard": YARD, "shop": [walk(0.5, 3)]}.items():
        film(folder / f"{name}.mp4", walks, 80, RATE)


def fill(gallery: Gallery, folder: Path) -> None:
    """Index the two films, and find out who is who."""
    for name, walks, start in (("gate", GATE, START), ("yard", YARD, None)):
        footage = Footage(str(folder / f"{name}.mp4"), start=start)
        indexer = Indexer(gallery, KnowingDetector(walks), partial(Tracker, "bytetrack"), ColourEmbedder())
        indexer.index(footage.open, footage.facts().row(), RATE)
    group_people(gallery, GROUPING)


class Finder(ColourDetector):
    """Finds each coloured rectangle of a picture."""

    @staticmethod
    def _found(image: np.ndarray):
        coloured = cv2.morphologyEx(
            (np.ptp(image, axis=2) > 70).astype(np.uint8), cv2.MORPH_CLOSE, np.ones((9, 1))
        )
        boxes = cv2.connectedComponentsWithStats(coloured)[2][1:, :4]
        return detections([[x, y, x + w, y + h] for x, y, w, h in boxes if w * h > 200])


@contextmanager
def desk_over(gallery: Gallery, folder: Path, uploads: Path, **more) -> Iterator[Desk]:
    """What requests share."""
    adding = Adding(ColourDetector, partial(Tracker, "bytetrack"), limit=LIMIT)
    library = Library([folder], uploads)
    desk = Desk(gallery, ColourEmbedder(), library, adding, GROUPING, Finder(), **more)
    desk.library.start()
    try:
        yield desk
    finally:
        desk.close()


@contextmanager
def served(desk: Desk, password: str | None = None) -> Iterator[str]:
    """The address of the page, as long as it is served."""
    server = Server(desk, "127.0.0.1", 0, password)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield server.address
    finally:
        server.stop()
        thread.join()


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """The films, and pictures to ask with."""
    folder = tmp_path_factory.mktemp("films")
    write_films(folder)
    scene = frame(40, GATE, RATE).image  # at 4 s, both are there
    cv2.imwrite(str(folder / "scene.png"), scene)
    cv2.imwrite(str(folder / "one.png"), frame(25, GATE, RATE).image)
    for name, walks in (("red", GATE[:1]), ("green", GATE[1:])):
        x1, y1, x2, y2 = map(round, walks[0](4.0))
        cv2.imwrite(str(folder / f"{name}.png"), scene[y1:y2, x1:x2])
    return folder


@pytest.fixture(scope="module")
def gallery(folder, tmp_path_factory) -> Iterator[Gallery]:
    """The gallery of the page."""
    place = str(tmp_path_factory.mktemp("gallery") / "gallery.db")
    with open_gallery(place, ColourEmbedder.weights, ColourEmbedder.dim) as opened:
        fill(opened, folder)
        yield opened


@pytest.fixture(scope="module")
def desk(gallery, folder, tmp_path_factory) -> Iterator[Desk]:
    """What the page's requests share."""
    with desk_over(gallery, folder, tmp_path_factory.mktemp("uploads")) as opened:
        yield opened


@pytest.fixture(scope="module")
def address(desk) -> Iterator[str]:
    """Where the page is."""
    with served(desk) as place:
        yield place


@pytest.fixture
def client(address) -> Client:
    """Asks the page without a browser."""
    return Client(address)
