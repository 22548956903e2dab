"""How near two networks are, and which pictures tell."""

import math

import pytest
import torch

from config import load_cfg
from export import check_parity, find_pictures
from export.parity import BOUNDS, Bound
from export.pictures import drawn_people
from tests.data.custom_data import write_image
from utils.errors import InputError

FEATURES = torch.eye(16)


def compare(theirs: torch.Tensor, bound: Bound = BOUNDS["int8"], ours: torch.Tensor = FEATURES, **kwargs):
    return check_parity(lambda pictures: ours, lambda pictures: theirs, [], bound, **kwargs)


def test_parity_is_the_worst_of_all_pictures():
    wrong = FEATURES.clone()
    wrong[5] = FEATURES[6]
    with pytest.raises(InputError, match=r"largest difference 1\.0e\+00, least cosine 0\.000000"):
        compare(wrong)
    with pytest.raises(InputError, match="least cosine nan"):
        compare(FEATURES / 0)
    found = compare(FEATURES + 0.1)
    assert found.difference == pytest.approx(0.1)
    assert found.cosine == pytest.approx(1.1 / math.sqrt(1.1**2 + 15 * 0.1**2))


def test_in_float32_the_length_counts_too():
    longer = 3 * FEATURES
    with pytest.raises(InputError, match="the difference must be at most 0.0001"):
        compare(FEATURES, BOUNDS["fp32"], longer)
    assert compare(FEATURES, BOUNDS["fp32"], longer, l2_norm=True).difference == 0
    assert compare(longer + 1e-4, BOUNDS["fp32"], longer).difference == pytest.approx(1e-4 / 3, rel=1e-3)


@pytest.fixture
def cfg(small):
    return load_cfg(small)


def test_drawn_people_are_the_same_each_time_and_all_different():
    people = drawn_people(4)
    assert all((a == b).all() for a, b in zip(people, drawn_people(4), strict=True))
    assert len({picture.tobytes() for picture in people}) == 4


def test_pictures_are_given_or_of_the_data_set_or_drawn(cfg, tmp_path, caplog_loguru):
    drawn = find_pictures(cfg, (), calibrate=False)
    assert len(drawn) == 16 and {picture.shape for picture in drawn} == {(64, 32, 3)}
    trained = find_pictures(cfg, (), calibrate=True)
    assert len(trained) > 100 and not caplog_loguru[1:], "those of the tiny data set"
    for n in range(3):
        write_image(tmp_path / f"{n}.png", n)
    (tmp_path / "bad.png").write_text("no image")
    assert len(find_pictures(cfg, [str(tmp_path)], calibrate=True)) == 3
    with pytest.raises(InputError, match="--images: 1 of 2 images can be read; 2 are needed"):
        find_pictures(cfg, [str(tmp_path / "0.png"), str(tmp_path / "bad.png")], calibrate=False)


def test_to_calibrate_on_drawn_people_is_warned_of(cfg, tmp_path, caplog_loguru, monkeypatch):
    monkeypatch.setattr("export.pictures.CALIBRATED", 5)
    gone = load_cfg(["DATASETS.NAMES", "market1501", "DATASETS.ROOT_DIR", str(tmp_path)])
    assert len(find_pictures(gone, (), calibrate=True)) == 5
    assert "no images of the data set: Market1501 not found" in caplog_loguru[0]
    assert "are found on drawn people" in caplog_loguru[1]
