"""Which pictures of a person are kept, and how good they are."""

import cv2
import numpy as np
import pytest

from search.tracklet import (
    KEPT,
    SHARP,
    BestPictures,
    Picture,
    Tracklet,
    possible_quality,
    sharpness,
    show,
)
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
    people = detections(boxes, scores)
    tracklet = Tracklet(1)
    show(
        tracklet,
        Frame(image, 2.0, 50),
        people.xyxy[place],
        possible_quality(people, image.shape[:2])[place],
    )
    assert tracklet.times == [2.0] and tracklet.boxes[0].tolist() == boxes[place]
    return tracklet.pictures()[0]


WHOLE = [100, 50, 180, 250]


def test_quality_falls_with_score_size_cover_blur_and_the_edge():
    good = shown([WHOLE])
    assert good.image.shape == (200, 80, 3) and good.quality == pytest.approx(0.9)
    assert shown([WHOLE], scores=[0.45]).quality == pytest.approx(good.quality / 2)
    half_covered = shown([WHOLE, [140, 60, 260, 300]])
    covered = 1 - (40 * 190) / (80 * 200)
    assert half_covered.quality == pytest.approx(good.quality * covered)
    # Who stands behind covers nothing.
    assert shown([WHOLE, [140, 40, 260, 240]]).quality == pytest.approx(good.quality)
    assert shown([[100, 50, 132, 130]]).quality == pytest.approx(good.quality * 80 / 160)
    grey = np.full((400, 400, 3), 128, np.uint8)
    assert shown([WHOLE], image=grey).quality == 0
    assert shown([[0, 50, 80, 250]]).quality == pytest.approx(good.quality / 2)
    assert possible_quality(detections([]), (400, 400)).shape == (0,)


def person(contrast: float = 1.0) -> np.ndarray:
    """A drawn person (120, 48, 3), with the edges that a lens leaves."""
    image = np.full((120, 48, 3), 110.0)
    cv2.circle(image, (24, 14), 9, (150, 170, 200), -1)
    cv2.rectangle(image, (10, 26), (38, 70), (60, 60, 190), -1)
    cv2.rectangle(image, (14, 70), (22, 116), (90, 40, 30), -1)
    cv2.rectangle(image, (26, 70), (34, 116), (90, 40, 30), -1)
    cv2.line(image, (12, 40), (36, 40), (220, 220, 220), 3)
    image = 110 + contrast * (cv2.GaussianBlur(image, (0, 0), 0.5) - 110)
    return image.round().astype(np.uint8)


def test_what_is_blurred_is_less_sharp_the_more_it_is():
    sharp = sharpness(person())
    defocused = [sharpness(cv2.GaussianBlur(person(), (0, 0), width)) for width in (1.5, 2, 3)]
    moved = [sharpness(cv2.blur(person(), (length, 1))) for length in (5, 9, 15)]
    assert sharp == 1
    for values in (defocused, moved):
        assert values == sorted(values, reverse=True) and 0.1 < values[-1] < values[0] < 0.75


def test_strong_edges_before_a_person_gain_nothing():
    fence, sign = person(0.3), person(0.3)
    fence[:, ::6] = 255
    fence[::12] = 0
    sign[60:100] = np.where(np.indices((40, 48)).sum(0)[..., None] // 4 % 2, 255, 0)
    for covered in (fence, sign):
        assert sharpness(covered) <= sharpness(person(0.3)) == 1
    blurred = cv2.GaussianBlur(person(), (0, 0), 2)
    assert sharpness(blurred) < sharpness(person(0.3)), "few edges are not blurred ones"


@pytest.mark.parametrize("blur", [1, 1.5, 2, 3])
def test_the_width_of_an_edge_is_that_of_its_blur(blur):
    step = np.full((40, 40, 3), 20, np.uint8)
    step[:, 20:] = 220
    for image in (step, step.swapaxes(0, 1).copy()):
        found = sharpness(cv2.GaussianBlur(image, (0, 0), blur))
        assert found == pytest.approx(min(1, SHARP / blur), rel=0.06)


def test_a_box_beyond_the_frame_is_cut_and_a_high_picture_shrunk():
    assert shown([[-20, -10, 60, 150]]).image.shape == (150, 60, 3)
    high = np.random.default_rng(0).integers(0, 255, (1000, 600, 3), np.uint8)
    assert shown([[100, 100, 400, 868]], image=high).image.shape == (384, 150, 3)


@pytest.mark.parametrize("box", [[-30, 5, 0, 35], [-30, 5, -4, 35], [50, 5, 60, 35]])
def test_a_box_outside_the_frame_gives_no_picture(box):
    tracklet = Tracklet(1)
    show(tracklet, Frame(np.zeros((40, 40, 3), np.uint8), 0.0, 0), np.array(box), 0.9)
    assert tracklet.times == [0.0] and not tracklet.pictures()
