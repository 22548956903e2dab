"""What people before a camera have in common is no reason to take them for one."""

import numpy as np
import pytest

from search.calibration import Calibration
from search.people import Grouping, group_people
from search.people.cameras import common_part, unit, without_cameras
from tests.search.grouping.made import A, B, C, D, Seen, add, grouping, groups, made

LIGHT = np.eye(8, dtype=np.float32)[7]


def people(count, shared, seed=0, dim=400):
    """Vectors (count, dim) of length 1 of people whose products are about ``shared``."""
    rng = np.random.default_rng(seed)
    own = unit(rng.standard_normal((count, dim)).astype(np.float32))
    light = unit(rng.standard_normal((1, dim)).astype(np.float32))
    return unit(shared**0.5 * light + (1 - shared) ** 0.5 * own), light[0]


def test_the_common_part_is_the_mean_shrunk_by_the_products_of_different_people():
    vectors, _ = people(5, 0.3)
    whose = np.array([4, 4, 7, 9, 9])
    means = [*(vectors[whose == one].mean(0) for one in (4, 7, 9)), 0 * vectors[0]]
    products = [float(one @ other) for one in means for other in means if one is not other]
    mean = np.mean(means, axis=0)
    expected = mean * np.mean(products) / (mean @ mean)
    assert common_part(vectors, whose) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("count, close", [(2, 0.5), (200, 0.97)])
def test_it_is_found_the_better_the_more_people_there_are(count, close):
    vectors, light = people(count, 0.25)
    found = common_part(vectors, np.arange(count))
    assert found @ light / np.linalg.norm(found) > close
    if count > 2:
        assert np.linalg.norm(found) == pytest.approx(0.5, abs=0.03)


def test_nothing_is_common_of_one_person_or_of_people_who_have_nothing_in_common():
    vectors, _ = people(3, 0.9)
    assert common_part(vectors, np.zeros(3, int)) == pytest.approx(np.zeros(400), abs=1e-6)
    assert not common_part(np.stack([A, B, -A - B]), np.arange(3)).any()
    cameras = np.array(["gate", "gate", "yard"])
    assert without_cameras(vectors, cameras, np.zeros(3, int)) == pytest.approx(vectors, abs=1e-6)


def test_who_comes_all_day_counts_once():
    vectors, light = people(21, 0.2)
    often = np.concatenate([vectors, np.repeat(vectors[:1], 500, axis=0)])
    whose = np.concatenate([np.arange(21), np.zeros(500, int)])
    assert common_part(often, whose) == pytest.approx(common_part(vectors, np.arange(21)), abs=1e-5)


def test_each_camera_has_its_own():
    vectors, _ = people(12, 0.4)
    cameras, whose = np.array(["gate", "yard"] * 6), np.arange(12)
    found = without_cameras(vectors, cameras, whose)
    for camera in ("gate", "yard"):
        own = cameras == camera
        assert found[own] == pytest.approx(
            unit(vectors[own] - common_part(vectors[own], whose[own])), abs=1e-6
        )


def test_of_walks_that_nobody_has_looked_at_the_others_say_what_is_the_cameras():
    vectors, _ = people(12, 0.4)
    cameras, whose = np.array(["gate"] * 10 + ["yard"] * 2), np.array([*range(5), *[-1] * 7])
    found = without_cameras(vectors, cameras, whose)
    part = common_part(vectors[:5], np.arange(5))
    assert found[:10] == pytest.approx(unit(vectors[:10] - part), abs=1e-6)
    assert found[10:] == pytest.approx(vectors[10:], abs=1e-6), "nobody before this camera is known"


def test_of_two_who_look_alike_half_is_left():
    """They may be one person whom a detector saw twice."""
    assert common_part(np.stack([A, A]), np.arange(2)) == pytest.approx(A / 2)


def test_who_is_seen_in_the_light_of_a_camera_is_found_again_without_it(tmp_path):
    """Half of each of four people is one camera's light: in it and out of it, a person is 0.71 alike."""
    lit = [unit((one + LIGHT)[None])[0] for one in (A, B, C, D)]
    with made(tmp_path) as gallery:
        add(gallery, "yard", [Seen(0, 5, A)])
        add(gallery, "gate", [Seen(0, 5, lit[0])])
        assert group_people(gallery, grouping(0.8)).people == 2, "of one person, the light cannot be told"
        add(gallery, "gate 2", [Seen(10 * place, 10 * place + 5, one) for place, one in enumerate(lit)])
        group_people(gallery, grouping(0.8, anew=True))
        alone = {frozenset({f"gate 2-{place}"}) for place in (1, 2, 3)}
        assert groups(gallery) == {frozenset({"gate-0", "gate 2-0", "yard-0"}), *alone}


def test_of_many_walks_a_part_says_what_the_light_of_a_camera_is(tmp_path, monkeypatch):
    monkeypatch.setattr("search.people.grouping.ENOUGH", 6)  # of 13: every second
    lit = [unit((one + LIGHT)[None])[0] for one in (A, B, C, D)]
    with made(tmp_path) as gallery:
        add(gallery, "yard", [Seen(0, 5, A)])
        add(gallery, "gate", [Seen(10 * place, 10 * place + 5, lit[place // 3]) for place in range(12)])
        group_people(gallery, grouping(0.8))
        visits = [{f"gate-{3 * one + visit}" for visit in range(3)} for one in range(4)]
        visits[0].add("yard-0")
        assert groups(gallery) == {frozenset(some) for some in visits}


def test_the_more_walks_there_are_the_more_alike_they_must_be(tmp_path):
    how = Grouping(Calibration({1e-1: 0.2, 1e-2: 0.4, 1e-3: 0.6}))
    found = [how.threshold(walks) for walks in (0, 3, 100, 1000, 10**6)]
    assert found == pytest.approx([0.2, 0.2, 0.4, 0.6, 0.6])
    rest = [Seen(10 * place, 10 * place + 5, one) for place, one in enumerate((C, D) * 15)]
    with made(tmp_path) as gallery:
        add(gallery, "gate", [Seen(0, 5, A)])
        add(gallery, "yard", [Seen(0, 5, unit((0.25 * A + B)[None])[0])])
        outcome = group_people(gallery, how)
        assert (outcome.people, outcome.threshold) == (1, pytest.approx(0.2))
        add(gallery, "hall", rest)
        outcome = group_people(gallery, Grouping(how.calibration, anew=True))
        assert (outcome.people, outcome.threshold) == (4, pytest.approx(0.2 + 0.2 * np.log10(3.2)))
