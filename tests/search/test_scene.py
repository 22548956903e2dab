"""The person in a picture."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from search.scene import NotOnePersonError, find_person, parse_box, write_scene
from tests.search.people import detections
from utils.errors import InputError


def picture(folder: Path, height: int, width: int) -> str:
    image = np.random.default_rng(0).integers(0, 255, (height, width, 3), np.uint8)
    cv2.imwrite(str(folder / "scene.png"), image)
    return str(folder / "scene.png")


def test_a_high_picture_is_a_crop_and_a_wide_one_a_scene(tmp_path):
    assert find_person(picture(tmp_path, 140, 100), None).shape == (140, 100, 3)
    scene = picture(tmp_path, 139, 100)
    with pytest.raises(InputError, match=r"whole picture \(100 x 139 pixels\).*--detector.*--box"):
        find_person(scene, None)
    whole = cv2.imread(scene)
    one = find_person(scene, lambda frames: [detections([[20, 10, 50, 90]])])
    assert np.array_equal(one, whole[10:90, 20:50])
    cut = find_person(scene, None, (-10, 100, 40, 60))
    assert np.array_equal(cut, whole[100:139, 0:30])


WHOLE = None
# What is seen in a picture of 200 x 100 pixels, with its scores, and the part of it that is the person's.
TALL_PICTURES = {
    "a photo of one person": ([[30, 60, 70, 160]], [0.9], np.s_[60:160, 30:70]),
    "cut out": ([[5, 2, 98, 199]], [0.9], WHOLE),
    "cut out, with a passer-by": ([[5, 2, 98, 199], [0, 20, 30, 110]], [0.9, 0.5], WHOLE),
    "cut out, not sure to be anybody": ([[30, 60, 70, 160]], [0.2], WHOLE),
    "nothing is found": ([], [], WHOLE),
}


@pytest.mark.parametrize("boxes, scores, part", TALL_PICTURES.values(), ids=TALL_PICTURES)
def test_with_a_detector_a_high_picture_is_a_crop_unless_it_shows_more(tmp_path, boxes, scores, part):
    file = picture(tmp_path, 200, 100)
    found = find_person(file, lambda frames: [detections(boxes, scores)])
    image = cv2.imread(file)
    assert np.array_equal(found, image if part is WHOLE else image[part])


def test_a_high_photo_of_several_people_is_not_one_person(tmp_path):
    file = picture(tmp_path, 200, 100)
    said = refused(file, [[2, 5, 48, 198], [52, 5, 98, 198]], [0.9, 0.8])
    assert "shows 2 people; choose one with --box 2,5,46,193 or --box 52,5,46,193" in str(said)
    assert find_person(file, None).shape == (200, 100, 3), "nobody looks"


def refused(scene: str, boxes: list, scores: list) -> NotOnePersonError:
    """What is said of a scene in which a detector sees this."""
    with pytest.raises(NotOnePersonError) as error:
        find_person(scene, lambda frames: [detections(boxes, scores)])
    return error.value


BOXES = [[20, 10, 50, 90], [60.4, 5, 90, 95.2]]


def test_several_people_are_listed_as_what_chooses_one(tmp_path):
    scene = picture(tmp_path, 100, 100)
    said = refused(scene, [*BOXES, [0, 0, 9, 9]], [0.9, 0.4, 0.2])
    assert str(said) == f"{scene} shows 2 people; choose one with --box 20,10,30,80 or --box 60,5,30,90"
    whole = cv2.imread(scene)
    assert np.array_equal(find_person(scene, None, parse_box("60,5,30,90")), whole[5:95, 60:90])
    crowd = refused(scene, BOXES * 10, [0.9] * 20)
    assert "shows 20 people" in str(crowd) and str(crowd).count("--box") == 8


def test_of_a_scene_with_nobody_is_said_what_looks_most_like_a_person(tmp_path):
    scene = picture(tmp_path, 100, 100)
    said = refused(scene, BOXES, [0.21, 0.1])
    assert str(said).startswith(f"no person found in {scene}; what looks most like one: ")
    assert "--box 20,10,30,80 (score 0.21), --box 60,5,30,90 (score 0.10); choose one" in str(said)
    nothing = str(refused(scene, [], []))
    assert nothing.startswith(f"no person found in {scene}, and nothing that looks like one; ")
    assert "--box x,y,w,h, or give a picture cut out around the person" in nothing


def test_what_is_seen_is_drawn(tmp_path):
    said = refused(picture(tmp_path, 300, 400), [[20, 10, 50, 90], [360, 200, 399, 299]], [0.9, 0.8])
    write_scene(tmp_path / "seen.png", said)
    seen = cv2.imread(str(tmp_path / "seen.png"))
    assert seen.shape == said.image.shape
    changed = (seen != said.image).any(2)
    for x, y, width, height in said.boxes:
        assert changed[y : y + height, x].mean() > 0.9 and changed[y : y + height, x + width - 1 :].any()
    assert not changed[120:180].any() and not changed[:, 200:220].any()


@pytest.mark.parametrize("text", ["1,2,3", "a,b,c,d", "1,2,3,nan", "1,2,3,4,5"])
def test_what_is_no_box(text):
    with pytest.raises(InputError, match=f"--box {text}: write it as x,y,width,height"):
        parse_box(text)
    assert parse_box("") is None and parse_box("1,2.5,3,4") == (1, 2.5, 3, 4)


@pytest.mark.parametrize("box", [(200, 5, 10, 10), (5, -20, 10, 10), (5, 5, 0, 10), (50, 50, -20, 30)])
def test_a_box_that_is_not_in_the_picture(tmp_path, box):
    with pytest.raises(InputError, match=r"--box .* is not in .*100 x 100"):
        find_person(picture(tmp_path, 100, 100), None, box)


def test_what_is_no_picture(tmp_path):
    (tmp_path / "a\nb.png").write_text("no picture")
    with pytest.raises(InputError, match="is not a picture that can be read") as error:
        find_person(str(tmp_path / "a\nb.png"), None)
    assert "\n" not in str(error.value)
    with pytest.raises(InputError, match="no such file"):
        find_person(str(tmp_path / "none.png"), None)
