"""What is seen of people in a frame, recounted from frames with and without them."""

from dataclasses import replace

import numpy as np
import pytest

from data.datasets.drawing.pose import leg_joints
from search.demo.scenery import PLACES
from search.demo.scenery.stage import Matte
from tests.search.demo.scenes import (
    SIZE,
    WALKERS,
    all_walks,
    films,
    meadow,
    standing,
    walking,
    without_shadows,
)


@pytest.fixture(scope="module")
def scenes():
    return [without_shadows(place.paint(SIZE, (0,))) for place in PLACES]


def outline(scene, *people):
    """Where people cover more than half of a pixel, bool (height, width), and who was seen.

    A pixel's cover is what it hides of the difference between a white backdrop and a black one.
    """
    black, white = (replace(scene, backdrop=np.full_like(scene.backdrop, tone)) for tone in (0, 255))
    (dark, seen), (bright, also) = (films(part).film(people) for part in (black, white))
    assert seen == also
    return (bright.astype(int) - dark).mean(axis=2) < 127.5, seen


def inside(box):
    x, y, width, height = box
    return slice(y, y + height), slice(x, x + width)


@pytest.mark.parametrize("place", [(0.0, 9.0), (-3.0, 12.0), (2.0, 25.0), (1.0, 8.0)])
@pytest.mark.parametrize("number", [1, 5, 8])
def test_box_holds_the_person_and_no_more(place, number):
    pixels, (seen,) = outline(meadow(), standing(number, *place, walked=0.3))
    rows, columns = np.nonzero(pixels)
    x, y, width, height = seen.box
    assert (seen.number, seen.visibility) == (number, pytest.approx(1, abs=0.02))
    assert seen.box == (columns.min(), rows.min(), np.ptp(columns) + 1, np.ptp(rows) + 1)


def test_people_are_smaller_the_farther_they_are():
    heights = [outline(meadow(), standing(1, 0.0, z))[1][0].box[3] for z in (8.0, 16.0, 32.0)]
    assert heights[0] / heights[1] == pytest.approx(2, rel=0.1)
    assert heights[1] / heights[2] == pytest.approx(2, rel=0.1)


def test_visibility_is_the_share_of_pixels_that_nothing_in_front_hides():
    whole, (seen,) = outline(meadow(), standing(2, 0.0, 9.0))
    x, y, width, height = seen.box
    post = Matte(((-1.0, 8.0), (1.0, 8.0)), (x + width // 3, 0), np.ones((SIZE[1], width // 3), np.float32))
    left, (hidden,) = outline(meadow([post]), standing(2, 0.0, 9.0))
    assert hidden.box == seen.box, "the box is that of the whole person"
    assert 0.2 < hidden.visibility < 0.8
    assert hidden.visibility == pytest.approx(left.sum() / whole.sum(), abs=0.03)
    before, (clear,) = outline(meadow([post]), standing(2, 0.0, 7.5))
    assert clear.visibility == pytest.approx(1, abs=0.02), "who stands before the post is not hidden"


def test_the_nearer_person_hides_the_farther_one():
    far, near = standing(3, 0.0, 10.0), standing(6, 0.12, 8.5)
    (of_far, _), (of_near, _) = outline(meadow(), far), outline(meadow(), near)
    for people in ((far, near), (near, far)):
        _, seen = outline(meadow(), *people)
        assert [sighting.number for sighting in seen] == [3, 6], "from far to near"
        expected = (of_far & ~of_near).sum() / of_far.sum()
        assert 0.1 < expected < 0.9
        assert seen[0].visibility == pytest.approx(expected, abs=0.05)
        assert seen[1].visibility == pytest.approx(1, abs=0.02)
        box = inside(seen[0].box)
        assert seen[0].company == pytest.approx(of_near[box].mean(), abs=0.05)


def test_what_is_out_of_the_picture_is_not_seen():
    _, (whole,) = outline(meadow(), standing(4, 0.0, 9.0))
    pixels, (half,) = outline(meadow(), standing(4, 4.75, 9.0))
    x, y, width, height = half.box
    assert x + width == SIZE[0] and width < whole.box[2]
    assert 0.2 < half.visibility < 0.8
    of_whole, _ = outline(meadow(), standing(4, 0.0, 9.0))
    assert half.visibility == pytest.approx(pixels.sum() / of_whole.sum(), abs=0.1), "turned a little"
    assert outline(meadow(), standing(4, 9.0, 9.0))[1] == []
    assert outline(meadow(), standing(4, 0.0, -5.0))[1] == [], "behind the camera"


def test_boxes_hold_the_people_on_all_ways(scenes):
    for kind, walk in list(all_walks())[::3]:
        for time in np.linspace(0.2, 0.8, 4) * walk.end:
            pixels, seen = outline(scenes[kind], walking(walk, time))
            assert pixels.any() == bool(seen)
            for sighting in seen:
                pixels[inside(sighting.box)] = False
            assert not pixels.any()


def test_people_come_and_go_out_of_sight(scenes):
    cameras = [films(scene) for scene in scenes]
    for kind, walk in all_walks():
        for time in (0.0, walk.end - 1e-6):
            assert cameras[kind].film([walking(walk, time)])[1] == []
        seconds = np.arange(0, walk.end, 0.5)
        seen = [cameras[kind].film([walking(walk, time)])[1] for time in seconds]
        assert sum(map(bool, seen)) * 0.5 > 0.5 * walk.end


def test_nobody_walks_through_things(scenes):
    for kind, walk in all_walks():
        places = walk.places(np.arange(0, walk.end, 0.1))
        for matte in scenes[kind].mattes:
            start, end = np.array(matte.base)
            along = end - start
            if np.hypot(*along) > 10:
                continue  # a wall with a passage
            share = np.clip((places - start) @ along / (along @ along), 0, 1)
            off = places - start - share[:, None] * along
            assert np.hypot(*off.T).min() > 0.25


def test_feet_do_not_slide():
    """One foot or the other stays about where it is while the body moves on."""
    shares = np.linspace(0, 2, 81)  # in steps
    for walker in WALKERS:
        poses = [walker.pose(0.0, 0.0, np.pi * share, 1.0) for share in shares]
        ankles = np.array(
            [[leg_joints(walker.person.build, pose, side)[2, 2] for side in (-1, 1)] for pose in poses]
        )
        places = walker.step * shares[:, None] + walker.height * ankles
        stands = np.abs(np.gradient(places, axis=0)).argmin(axis=1) == 1
        start, end = np.flatnonzero(np.diff(stands.astype(int))) + 1
        assert 30 < end - start < 50, "each foot stands during one of two steps"
        assert np.ptp(places[start:end, int(stands[start])]) < 0.25 * walker.step


def test_shadows_lie_on_the_ground_and_floors_mirror():
    street, _, hall = (place.paint(SIZE, (0,)) for place in PLACES)
    frame, (seen,) = films(street).film([standing(1, 5.0, 8.0)])
    empty, _ = films(street).film([])
    darker = (frame.astype(int) - empty).sum(axis=2) < -60
    darker[inside(seen.box)] = False
    assert darker.sum() > 30
    frame, (seen,) = films(hall).film([standing(1, 1.0, 9.0)])
    empty, _ = films(hall).film([])
    x, y, width, height = seen.box
    below = slice(y + height + 2, y + height + height // 2), slice(x, x + width)
    assert (frame[below] != empty[below]).any(axis=2).mean() > 0.2


def test_noise_is_new_in_each_frame():
    camera = films(meadow(), noise=4.0)
    first, second = (camera.film([])[0].astype(int) for _ in range(2))
    assert (first != second).mean() > 0.3
    assert 2 < first.std(axis=(0, 1)).max() < 6
