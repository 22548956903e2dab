"""What users say of people, and what they cannot say."""

import pytest

from search.gallery import Selection
from search.people import (
    find_number,
    group_people,
    list_people,
    merge_people,
    name_person,
    portraits,
    split_person,
)
from tests.search.grouping.made import NOON, A, B, C, Seen, add, grouping, made, who
from utils.errors import InputError


@pytest.fixture
def gallery(tmp_path):
    """1 is before two cameras, 2 before the gate while 1 is there, 3 elsewhere."""
    with made(tmp_path) as opened:
        add(opened, "gate", [Seen(0, 5, A), Seen(4, 9, B)], NOON)
        add(opened, "yard", [Seen(20, 25, A), Seen(40, 45, A), Seen(50, 55, C)], NOON)
        group_people(opened, grouping(0.5))
        assert who(opened) == {"gate-0": 1, "gate-1": 2, "yard-0": 1, "yard-1": 1, "yard-2": 3}
        yield opened


def refused(words, function, *arguments):
    with pytest.raises(InputError, match=words) as error:
        function(*arguments)
    assert "\n" not in str(error.value)


def test_names(gallery):
    name_person(gallery, 2, "  Anna\tLee ")
    assert gallery.people.names() == {2: "Anna Lee"}
    assert [person.label for person in list_people(gallery)] == ["Anna Lee", "1", "3"]
    assert (find_number(gallery, "Anna Lee"), find_number(gallery, "3")) == (2, 3)
    name_person(gallery, 2, "小明")
    name_person(gallery, 3, "Bob")
    assert gallery.people.names() == {2: "小明", 3: "Bob"}
    refused("person 3 is called Bob already; merge 3 and 1", name_person, gallery, 1, "Bob")
    for name in ("7", "x" * 101, "a\0b", "\ud83d"):
        refused("cannot be a name", name_person, gallery, 1, name)
    refused("no person 9; .*lists them", name_person, gallery, 9, "Carl")
    refused("no person 9", find_number, gallery, "9")
    refused("no person 'bob'; there are Bob, 小明", find_number, gallery, "bob")
    name_person(gallery, 2, "")
    assert gallery.people.names() == {3: "Bob"}


def test_merging(gallery):
    name_person(gallery, 3, "Bob")
    assert merge_people(gallery, [1, 3, 1]) == 1
    assert who(gallery)["yard-2"] == 1 and gallery.people.names() == {1: "Bob"}
    assert len(list_people(gallery)) == 2
    refused("name two people or more", merge_people, gallery, [1, 1])
    refused("no person 3", merge_people, gallery, [1, 3])


def test_who_was_seen_at_the_same_time_is_not_merged_and_the_refusal_says_where_and_when(gallery):
    before = who(gallery)
    refused(
        "3 and 2 .*|1 and 2 are not one person: gate saw both.* from 20.*:04 to .*:05;",
        merge_people,
        gallery,
        [3, 1, 2],
    )
    assert who(gallery) == before
    assert merge_people(gallery, [2, split_person(gallery, 1, ["yard-0"])]) == 2, (
        "without the gate, it can be"
    )


def test_splitting_off_tracklets_or_what_a_camera_saw_at_a_time(gallery):
    assert split_person(gallery, 1, ["yard-1"]) == 4
    assert who(gallery) == {"gate-0": 1, "gate-1": 2, "yard-0": 1, "yard-1": 4, "yard-2": 3}
    merge_people(gallery, [1, 4])
    assert who(gallery)["yard-1"] == 1, "the latest word counts"
    assert split_person(gallery, 1, where=Selection(cameras=("yard",), until=NOON + 30)) == 5
    assert who(gallery) == {"gate-0": 1, "gate-1": 2, "yard-0": 5, "yard-1": 1, "yard-2": 3}
    refused("person 1 has no tracklet gate-1", split_person, gallery, 1, ["gate-0", "gate-1"])
    refused("all there is of person 2", split_person, gallery, 2, ["gate-1"])
    refused("not seen there", split_person, gallery, 2, [], Selection(cameras=("yard",)))
    refused("no person 8", split_person, gallery, 8, ["gate-1"])
    group_people(gallery, grouping(0.5, anew=True))
    assert who(gallery) == {"gate-0": 1, "gate-1": 2, "yard-0": 5, "yard-1": 1, "yard-2": 3}


def test_the_parts_of_a_walk_that_was_split_are_two(tmp_path):
    with made(tmp_path) as gallery:
        add(gallery, "gate", [Seen(0, 60, A), Seen(60, 90, A, track=0), Seen(90, 99, A, track=0)])
        group_people(gallery, grouping(0.5))
        assert split_person(gallery, 1, ["gate-1"]) == 2
        assert [[len(visit.tracklets) for visit in person.visits] for person in list_people(gallery)] == [
            [1, 1],
            [1],
        ]
        add(gallery, "yard", [Seen(0, 60, A)])
        group_people(gallery, grouping(0.5, anew=True))
        assert who(gallery) == {"gate-0": 1, "gate-1": 2, "gate-2": 1, "yard-0": who(gallery)["yard-0"]}


def test_visits_and_the_best_picture(gallery):
    add(gallery, "hall", [Seen(0, 5, A, 0.9), Seen(6, 9, A, track=0), Seen(30, 35, A)], NOON + 100)
    group_people(gallery, grouping(0.5))
    (one,) = list_people(gallery, people=[1])
    times = [(visit.camera, visit.start - NOON, visit.end - NOON, visit.dated) for visit in one.visits]
    assert times == [
        ("gate", 0, 5, True),
        ("yard", 20, 25, True),
        ("yard", 40, 45, True),
        ("hall", 100, 109, True),
        ("hall", 130, 135, True),
    ]
    assert one.best == "hall-0" and one.visits[3].tracklets == ["hall-0", "hall-1"]
    picture = next(rows[0].thumbnail for rows in gallery.tracklets() if rows[0].tracklet == "hall-0")
    assert portraits(gallery, [one]) == {1: picture}
    some = list_people(gallery, Selection(cameras=("yard",), since=NOON + 30))
    assert [(person.number, len(person.visits)) for person in some] == [(1, 1), (3, 1)]
