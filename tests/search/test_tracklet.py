"""Which pictures of a person are kept, and how good they are."""

import numpy as np
import pytest

from search.tracklet import KEPT, BestPictures, Picture, Tracklet, show
from search.video import Frame
from tests.search.people import detections


def picture(time: float, quality: float) -> Picture:
    return Picture(np.full((4, 2, 3), int(time) % 256, np.uint8), time, quality)


@pytest.mark.parametrize("seconds", [1, 7, 60, 3600])
def test_pictures_are_few_and_spread_over_the_time(seconds):
    rng, best, most = np.random.default_rng(0), BestPictures(), 0
    for time in np.arange(0, seconds, 0.04):
        best.add(picture(float(time), float(rng.uniform(0.5, 1))))
        most = max(most, len(best.periods))
    assert most <= 2 * KEPT
    times = sorted(one.time for one in best.periods.values())
    assert max(np.diff(times)) <= seconds  # and none of them share a period
    assert len({int(time / best.length) for time in times}) == len(times)
    assert seconds / 2 / KEPT / 2 <= best.length <= max(0.25, seconds / KEPT)


def test_the_best_of_each_period_is_kept_whatever_the_order_of_quality():
    best = BestPictures(most=4)
    given = [
        picture(float(time), quality)
        for time, quality in zip(range(16), np.tile([0.3, 0.9, 0.1, 0.5], 4), strict=True)
    ]
    for one in given:
        best.add(one)
    # Sixteen seconds in four periods of four: in each, the second is the best.
    assert sorted(one.time for one in best.periods.values()) == [1, 5, 9, 13]


def test_what_cannot_be_kept_is_not_wanted():
    best = BestPictures()
    best.add(picture(0.1, 0.5))
    assert best.wanted(0.2, 0.6) and not best.wanted(0.2, 0.5) and best.wanted(0.3, 0.1)


def shown(
    boxes: list, place: int = 0, image: np.ndarray | None = None, scores: list | None = None
) -> Picture:
    """The picture of a person in a frame of 400 x 400."""
    if image is None:
        image = np.random.default_rng(0).integers(0, 255, (400, 400, 3), np.uint8)
    tracklet = Tracklet(1)
    show(tracklet, Frame(image, 2.0, 50), place, detections(boxes, scores))
    assert tracklet.times == [2.0] and tracklet.boxes[0].tolist() == boxes[place]
    return tracklet.pictures()[0]


WHOLE = [100, 50, 180, 250]


def test_quality_falls_with_score_size_cover_blur_and_the_edge():
    good = shown([WHOLE])
    assert good.image.shape == (200, 80, 3) and 0.8 < good.quality < 0.9
    assert shown([WHOLE], scores=[0.45]).quality == pytest.approx(good.quality / 2)
    half_covered = shown([WHOLE, [140, 60, 260, 300]])
    covered = 1 - (40 * 190) / (80 * 200)
    assert half_covered.quality == pytest.approx(good.quality * covered)
    # Who stands behind covers nothing.
    assert shown([WHOLE, [140, 40, 260, 240]]).quality == pytest.approx(good.quality)
    small = shown([[100, 50, 132, 130]])
    assert small.quality == pytest.approx(good.quality * 80 / 160, rel=0.1)
    grey = np.full((400, 400, 3), 128, np.uint8)
    assert shown([WHOLE], image=grey).quality == 0
    cut_off = shown([[0, 50, 80, 250]])
    assert cut_off.quality == pytest.approx(good.quality / 2, rel=0.1)


def test_a_box_beyond_the_frame_is_cut_and_a_high_picture_shrunk():
    assert shown([[-20, -10, 60, 150]]).image.shape == (150, 60, 3)
    high = np.random.default_rng(0).integers(0, 255, (1000, 600, 3), np.uint8)
    assert shown([[100, 100, 400, 868]], image=high).image.shape == (384, 150, 3)


def test_a_box_outside_the_frame_gives_no_picture():
    tracklet = Tracklet(1)
    show(tracklet, Frame(np.zeros((40, 40, 3), np.uint8), 0.0, 0), 0, detections([[-30, 5, 0, 35]]))
    assert tracklet.times == [0.0] and not tracklet.pictures()
