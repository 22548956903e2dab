"""Who was where, and when: as text and as a picture."""

import csv
import io
import json

import cv2
import numpy as np

from search.gallery import make_thumbnail
from search.people import timeline
from search.people.people import Person, Visit
from search.people.report import as_csv, as_json, as_table
from search.people.timeline import write_timeline
from tests.search.grouping.made import NOON

ANNA = Person(7, "Anna", [Visit("gate", 10.0, 25.04, False, "gate.mp4", "v1", ["t1", "t2"])], "t1")
OTHER = Person(2, "", [Visit("yard", 61.0, 70.0, False, "yard.mp4", "v2", ["t3"])], "t3")


def test_table_json_and_csv():
    lines = [line.split() for line in as_table([ANNA, OTHER]).splitlines()]
    assert lines == [
        ["person", "name", "camera", "from", "to", "video"],
        ["7", "Anna", "gate", "00:10", "00:25", "gate.mp4"],
        ["2", "yard", "01:01", "01:10", "yard.mp4"],
    ]
    first = {
        "person": 7,
        "person_name": "Anna",
        "camera": "gate",
        "start": 10.0,
        "end": 25.04,
        "name": "gate.mp4",
        "video": "v1",
        "tracklets": ["t1", "t2"],
    }
    assert json.loads(as_json([ANNA, OTHER]))[0] == first
    [row, _] = csv.DictReader(io.StringIO(as_csv([ANNA, OTHER])))
    assert row == {key: str(value) for key, value in first.items()} | {"tracklets": "t1 t2"}
    assert as_table([]) == "nobody" and as_json([]) == "[]" and as_csv([]).startswith("person,person_name,")


BLUE, ORANGE = (178, 114, 0), (0, 94, 213)  # the first two of the program's colours


def colours(file) -> set[tuple[int, int, int]]:
    """Colours (blue, green, red) of which a picture holds more than a few pixels."""
    image = cv2.imread(str(file))
    found, counts = np.unique(image.reshape(-1, 3), axis=0, return_counts=True)
    return {tuple(colour.tolist()) for colour, count in zip(found, counts, strict=True) if count > 20}


def test_the_time_line_has_a_colour_for_each_camera_and_the_pictures(tmp_path):
    grey = make_thumbnail(np.full((80, 40, 3), 77, np.uint8))
    assert write_timeline(tmp_path / "line.png", [ANNA, OTHER], {7: grey}) == [tmp_path / "line.png"]
    assert {BLUE, ORANGE, (77, 77, 77)} <= colours(tmp_path / "line.png")
    write_timeline(tmp_path / "anna.png", [ANNA], {})
    assert BLUE in colours(tmp_path / "anna.png") and not {ORANGE, (77, 77, 77)} & colours(
        tmp_path / "anna.png"
    )


def test_many_people_and_both_kinds_of_clocks_take_several_pages(tmp_path, monkeypatch):
    monkeypatch.setattr(timeline, "ROWS", 6)
    dated = [
        Person(
            n,
            "$x_{1}$ 小明\U0001f600",
            [Visit("gate", NOON + n, NOON + n + 0.1, True, "a.mp4", "v", ["t"])],
            "t",
        )
        for n in range(7)
    ]
    assert write_timeline(tmp_path / "nobody.png", [], {}) == [tmp_path / "nobody.png"]
    files = write_timeline(tmp_path / "line.png", [*dated, ANNA], {})
    assert [file.name for file in files] == ["line.png", "line-2.png", "line-3.png"]
    heights = [cv2.imread(str(file)).shape[0] for file in files]
    assert heights[0] > 2 * heights[1] - 2 and heights[1] == heights[2]
    assert all(BLUE in colours(file) for file in files), "a visit of a tenth of a second is seen"
