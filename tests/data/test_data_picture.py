"""The picture of a data set: asked of the figure, not of its pixels."""

import shutil

import numpy as np
import pytest

from config import load_cfg
from data import read_dataset
from data.validation import examine
from data.validation.picture import draw_data
from tests.data.custom_data import write_image


@pytest.fixture
def draw(tmp_path):
    """Four people to train on, two to test, two cameras, all images alike in size; then the picture."""
    seed = iter(range(1000))
    for person in "abcd":
        for camera in (1, 2):
            write_image(tmp_path / f"mine/train/{person}/x_c{camera}.png", next(seed))
    for person in "yz":
        write_image(tmp_path / f"mine/query/{person}/x_c1.png", next(seed))
        write_image(tmp_path / f"mine/gallery/{person}/x_c2.png", next(seed))

    def draw():
        cfg = load_cfg(["DATASETS.NAMES", str(tmp_path / "mine"), "--IMS_PER_BATCH", "16"])
        return draw_data(examine(read_dataset(cfg), cfg))

    return draw


def texts(axes) -> list[str]:
    return [text.get_text() for text in axes.texts]


def ticks(axis) -> list[float]:
    low, high = axis.get_view_interval()
    return [tick for tick in axis.get_majorticklocs() if low <= tick <= high]


def test_numbers_of_a_data_set_whose_images_are_all_alike(draw):
    figure = draw()
    per_person, per_camera, sizes, _, _ = figure.axes
    assert figure.get_suptitle() == "mine: nothing found wrong"
    assert per_person.get_ylim()[0] == 0 and ticks(per_person.yaxis) == [0, 1, 2]
    assert [bar.get_height() for bar in per_camera.patches] == [4, 4, 2, 0, 0, 2], "train, query, gallery"
    assert [label.get_text() for label in per_camera.get_xticklabels()] == ["1", "2"]
    assert sizes.get_title(loc="left") == "sizes of the images [pixels]: all 16 wide, 32 high"
    for axis in (per_camera.yaxis, sizes.xaxis, sizes.yaxis):
        assert len(ticks(axis)) > 1 and all(tick == int(tick) for tick in ticks(axis))


def test_people_by_camera(draw, tmp_path):
    (tmp_path / "mine/train/d/x_c2.png").unlink()
    *_, people, _ = draw().axes
    assert len(people.images) == 7 + 4
    expected = ["train: some people by camera", "cam. 1", "cam. 2"] + [f"person\n{name}" for name in "abcd"]
    expected += ["query and gallery: some people by camera", "cam. 1", "cam. 2", "person\ny", "person\nz"]
    assert [text for text in texts(people) if text] == expected
    lefts, tops = np.array([(image.get_extent()[0], image.get_extent()[3]) for image in people.images]).T
    assert len({*lefts.round(3)}) == 4 and len({*tops.round(3)}) == 4, "two columns each, four rows"


def test_what_was_found_is_said_and_shown(draw, tmp_path):
    shutil.copy(tmp_path / "mine/train/a/x_c1.png", tmp_path / "mine/train/b/copy_c1.png")
    (tmp_path / "mine/train/c/x_c1.png").write_bytes(b"no image")
    figure = draw()
    *_, people, wrong = figure.axes
    assert figure.get_suptitle() == "mine: 1 error and 1 warning"
    assert "cannot\nbe read" in texts(people)
    said = texts(wrong)
    assert said[:3] == ["what was found wrong", "ERROR", "1 file cannot be read as an image"]
    assert "1 picture of train is there as two people, byte for byte" in said
    assert len(wrong.images) == 2, "the two that are the same"
    assert texts(draw().axes[-1]) == said


def test_a_data_set_that_is_only_tested(draw, tmp_path):
    shutil.rmtree(tmp_path / "mine/train")
    *_, people, wrong = draw().axes
    assert "no images" in texts(people) and "no training images" in texts(wrong)
