"""Who is the same person: over cameras, over time, and from one grouping to the next."""

import numpy as np
import pytest

from config.search_flags import SEARCH_FLAGS
from search.gallery import Selection
from search.people import group_people, list_people, merge_people, name_person, split_person
from search.people.grouping import POOR
from tests.search.grouping.made import NOON, A, B, C, D, Seen, add, grouping, groups, made, who

HOW = grouping(0.5)
ANEW = grouping(0.5, anew=True)


@pytest.fixture
def gallery(tmp_path):
    """Two people before two cameras, and one before one of them, whose videos have no date."""
    with made(tmp_path) as opened:
        add(opened, "gate", [Seen(0, 5, A), Seen(3, 8, B), Seen(20, 25, C)])
        add(opened, "yard", [Seen(1, 6, B + 0.3 * D), Seen(12, 20, A)])
        yield opened


def test_a_person_has_one_number_in_all_cameras(gallery):
    outcome = group_people(gallery, HOW)
    assert groups(gallery) == {
        frozenset({"gate-0", "yard-1"}),
        frozenset({"gate-1", "yard-0"}),
        frozenset({"gate-2"}),
    }
    assert {*who(gallery).values()} == {1, 2, 3} and who(gallery)["gate-0"] == 1, "by the time of the first"
    assert (outcome.people, outcome.new, outcome.walks, outcome.added, outcome.poor) == (3, 3, 5, 5, 0)
    again = group_people(gallery, HOW)
    assert (again.people, again.new, again.walks, again.added) == (3, 0, 5, 0)


def test_a_new_video_joins_the_people_who_are_known_and_their_numbers_stay(gallery):
    group_people(gallery, HOW)
    before = who(gallery)
    add(gallery, "hall", [Seen(0, 5, A), Seen(0, 5, D), Seen(6, 9, C + 0.2 * B)])
    outcome = group_people(gallery, HOW)
    assert who(gallery) == before | {"hall-0": 1, "hall-1": 4, "hall-2": before["gate-2"]}
    assert (outcome.people, outcome.new, outcome.walks, outcome.added) == (4, 1, 8, 3)


def test_two_who_overlap_in_one_camera_are_two_however_alike(tmp_path):
    with made(tmp_path) as gallery:
        add(gallery, "gate", [Seen(0, 5, A), Seen(4, 9, A), Seen(9, 12, A)])
        add(gallery, "gate 2", [Seen(0, 5, A)])  # its clock is another
        group_people(gallery, HOW)
        found = who(gallery)
        assert found["gate-0"] != found["gate-1"] and len({*found.values()}) == 2
    with made(tmp_path / "dated") as gallery:
        for video, start in (("gate", NOON), ("gate 2", NOON + 2), ("yard", NOON + 2)):
            add(gallery, video, [Seen(0, 5, A)], start)
        group_people(gallery, HOW)
        found = who(gallery)
        assert found["gate-0"] != found["gate 2-0"]
        assert found["yard-0"] in (found["gate-0"], found["gate 2-0"]), "cameras may see the same place"


def test_nobody_is_sooner_at_a_camera_than_the_way_takes(tmp_path):
    ways = {("gate", "yard"): 20.0, ("yard", "gate"): 20.0}
    for way, people in ((ways, 2), ({}, 1), (dict.fromkeys(ways, 7.0), 1)):
        with made(tmp_path / str(len(way) + people)) as gallery:
            add(gallery, "gate", [Seen(0, 5, A)], NOON)
            add(gallery, "yard", [Seen(12, 20, A)], NOON)
            assert group_people(gallery, grouping(0.5, travel=way)).people == people


def test_a_mean_of_pairs_joins_not_one_pair(tmp_path):
    """The middle one is like both, who are not like one another."""
    with made(tmp_path) as gallery:
        middle = (A + 0.9 * B) / np.linalg.norm(A + 0.9 * B)
        for video, vector in (("one", A), ("two", middle), ("three", B)):
            add(gallery, video, [Seen(0, 5, vector)])
        group_people(gallery, HOW)
        assert groups(gallery) == {frozenset({"one-0", "two-0"}), frozenset({"three-0"})}


def test_a_walk_is_one_person(tmp_path):
    with made(tmp_path) as gallery:
        add(gallery, "gate", [Seen(0, 60, A), Seen(60, 90, C, track=0), Seen(0, 40, B)])
        add(gallery, "yard", [Seen(0, 60, A + C)])
        group_people(gallery, HOW)
        assert groups(gallery) == {frozenset({"gate-0", "gate-1", "yard-0"}), frozenset({"gate-2"})}


def test_what_is_too_poor_is_left_out_and_counted(tmp_path):
    with made(tmp_path) as gallery:
        add(
            gallery,
            "gate",
            [
                Seen(0, 5, A, POOR - 0.01),
                Seen(6, 9, B, POOR + 0.01),
                Seen(10, 12, C, 0.01),
                Seen(12, 15, C, track=2),
            ],
        )
        outcome = group_people(gallery, HOW)
        assert (outcome.walks, outcome.poor) == (2, 1)
        assert {*who(gallery)} == {"gate-1", "gate-2", "gate-3"}, "a walk is as good as its best picture"
        outcome = group_people(gallery, grouping(0.5, quality=0.0))
        assert (outcome.added, outcome.poor) == (1, 0) and who(gallery)["gate-0"] == 3


def test_the_command_has_the_same_limit_of_quality():
    (flag,) = (flag for flag in SEARCH_FLAGS if flag.names == ("--quality",))
    assert flag.fills.value == POOR


def test_what_is_not_indexed_to_its_end_is_grouped_as_far_as_it_is_done(tmp_path):
    with made(tmp_path) as gallery:
        add(gallery, "gate", [Seen(0, 5, A)], finish=False)
        left = [row for rows in gallery.tracklets() for row in rows][0]
        stray = type(left)(**vars(left) | {"tracklet": "gate-9", "segment": 1})
        gallery.store.write(
            gallery.store.tracklets, [stray.stored(stray.vector)]
        )  # of an interrupted segment
        assert group_people(gallery, HOW).walks == 1 and {*who(gallery)} == {"gate-0"}


def test_two_who_are_known_stay_two_until_they_are_grouped_anew(gallery):
    group_people(gallery, grouping(1.1))
    assert len(groups(gallery)) == 5
    add(gallery, "hall", [Seen(0, 5, A)])
    outcome = group_people(gallery, HOW)
    assert (outcome.people, outcome.new) == (5, 0), "the new one joins one of them"
    before = who(gallery)
    outcome = group_people(gallery, ANEW)
    assert (outcome.people, outcome.new) == (3, 0)
    assert {*who(gallery).values()} <= {*before.values()}
    assert who(gallery)["gate-0"] == before["hall-0"], "the number that most of them had"


def test_what_users_said_is_not_undone_by_any_grouping(gallery):
    group_people(gallery, HOW)
    other = split_person(gallery, 1, ["yard-1"])
    one = merge_people(gallery, [3, 2]) if not {1, 2} & {other} else None
    name_person(gallery, other, "Anna")
    said = who(gallery)
    assert (other, one) == (4, 3) and said["gate-1"] == said["gate-2"] == 3
    for how in (HOW, ANEW, grouping(-1.0, anew=True), grouping(1.1, anew=True)):
        group_people(gallery, how)
        assert who(gallery) == said
        assert [(person.number, person.name) for person in list_people(gallery)][0] == (4, "Anna")
    add(gallery, "hall", [Seen(0, 5, A), Seen(6, 9, B)])
    group_people(gallery, ANEW)
    assert who(gallery)["hall-0"] in (1, 4) and who(gallery)["hall-1"] == 3
    group_people(gallery, grouping(1.1, anew=True))
    assert {who(gallery)["hall-0"], who(gallery)["hall-1"]} == {5, 6}, "nobody said whose these are"
    assert {name: person for name, person in who(gallery).items() if "hall" not in name} == said


def test_a_name_stays_with_what_is_left_of_the_named(gallery):
    group_people(gallery, HOW)
    name_person(gallery, 1, "Anna")
    add(gallery, "hall", [Seen(0, 5, A)])
    group_people(gallery, HOW)
    gallery.remove(Selection(cameras=("gate", "yard")), purge=False)
    add(gallery, "lift", [Seen(0, 5, A), Seen(9, 12, A)])
    group_people(gallery, ANEW)
    (anna,) = list_people(gallery)
    assert (anna.number, anna.name, len(anna.visits)) == (1, "Anna", 3)


def test_a_grouping_that_ends_half_way_leaves_nobody_as_two_people(gallery, monkeypatch):
    group_people(gallery, grouping(-1.0))
    before = who(gallery)

    def full(members):
        raise OSError("No space left on device")

    monkeypatch.setattr(gallery.people, "write", full)
    with pytest.raises(OSError):
        group_people(gallery, ANEW)
    monkeypatch.undo()
    assert who(gallery).items() < before.items(), "what was to change is nobody's"
    group_people(gallery, HOW)
    assert len(groups(gallery)) == 3


def test_who_is_gone_from_the_gallery_is_gone_from_the_people(gallery):
    group_people(gallery, HOW)
    name_person(gallery, 3, "Carl")
    gallery.remove(Selection(video="gate"), purge=False)
    assert who(gallery) == {"yard-0": 2, "yard-1": 1} and gallery.people.names() == {}
    add(gallery, "gate", [Seen(0, 5, A), Seen(3, 8, B), Seen(20, 25, C)])
    group_people(gallery, HOW)
    assert who(gallery)["gate-2"] == 4, "numbers are not given twice"


def test_nobody_in_an_empty_gallery(tmp_path):
    with made(tmp_path) as gallery:
        assert group_people(gallery, HOW).people == 0 and list_people(gallery) == []


def test_stages_are_told(gallery):
    told = []
    group_people(gallery, HOW, told.append)
    group_people(gallery, HOW, told.append)
    assert told == ["reading", "comparing", "writing", "reading", "writing"], "nothing new: no vector is read"
