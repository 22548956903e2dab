"""Who walks where and when, for few people and many, short videos and long."""

from collections import defaultdict

import pytest

from search.demo.films import make_films
from search.demo.spec import VideoSpec

SPECS = [
    VideoSpec(),
    VideoSpec(seconds=4),
    VideoSpec(seconds=60, people=50, shared=20),
    VideoSpec(seconds=300, people=10, shared=10),
    VideoSpec(seconds=30, cameras=5, people=30, shared=15),
    VideoSpec(seconds=10, cameras=1, people=5, shared=0),
]


@pytest.fixture(scope="module", params=SPECS, ids=lambda spec: f"{spec.people} in {spec.seconds:g} s")
def plan(request):
    return request.param, make_films(request.param)


def by_person(films):
    walks = defaultdict(list)
    for film in films:
        for walk in film.walks:
            walks[walk.number].append(walk)
    return {number: sorted(found, key=lambda walk: walk.start) for number, found in walks.items()}


def test_everybody_comes_and_those_who_are_shared_before_several_cameras(plan):
    spec, films = plan
    walks = by_person(films)
    assert set(walks) == set(range(1, spec.people + 1))
    for number, found in walks.items():
        shown = {walk.camera for walk in found if walk.end > 0.3 and walk.start < spec.seconds - 0.3}
        assert (len(shown) > 1) == (number <= spec.shared)


def test_nobody_is_before_two_cameras_at_once(plan):
    _, films = plan
    for found in by_person(films).values():
        assert all(first.end < second.start for first, second in zip(found, found[1:], strict=False))


def test_every_camera_has_people_all_the_time(plan):
    spec, films = plan
    assert len(films) == spec.cameras
    for film in films:
        assert all(
            first.start <= second.start for first, second in zip(film.walks, film.walks[1:], strict=False)
        )
        times = [spec.seconds * (step + 0.5) / 20 for step in range(20)]
        there = [sum(walk.start <= time < walk.end for walk in film.walks) for time in times]
        assert sum(map(bool, there)) >= 14
        assert sum(there) / 20 < 12, "no crowds, unless they are asked for"


def test_another_seed_is_another_plan():
    one, other = (make_films(VideoSpec(seed=seed))[0].walks for seed in (0, 1))
    assert one != other
    assert one == make_films(VideoSpec(seed=0))[0].walks
