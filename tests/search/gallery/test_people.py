"""Who is who in a gallery: found and removed with the tracklets, changed by one program at a time."""

import threading
import time
from dataclasses import replace

import pytest

from search.gallery import MemberRow, Selection, claim, open_gallery
from search.gallery.claim import Claim
from tests.search.gallery.conftest import folder_bytes
from tests.search.gallery.drawn import index, rows_of
from utils.errors import InputError


def members_of(video: str, person: int, segments: int = 2, camera: str = "c1") -> list[MemberRow]:
    """All tracklets of a video as one person's; each second one a user's word."""
    rows = [row for number in range(segments) for row in rows_of(video, number, camera) if row.part == 0]
    return [MemberRow.of(row, person, said=bool(place % 2)) for place, row in enumerate(rows)]


def in_order(members) -> list[MemberRow]:
    return sorted(members, key=lambda member: member.tracklet)


def test_members_are_found_by_selection_person_and_tracklet(gallery):
    for video, camera in (("aa", "c1"), ("bb", "c2")):
        index(gallery, video, camera=camera)
    people = gallery.people
    first, second = members_of("aa", 1), members_of("bb", 2, camera="c2")
    people.write([*first, *second])
    assert in_order(people.members()) == in_order([*first, *second])
    assert in_order(people.members(people=[2])) == in_order(second)
    where = Selection(cameras=["c1"], since=14.7, until=70.0)
    assert in_order(people.members(where)) == in_order(m for m in first if m.end >= 14.7 and m.start <= 70.0)
    assert list(people.members(where, [2])) == []
    some = [first[0].tracklet, second[1].tracklet, "none"]
    assert people.find(some) == {member.tracklet: member for member in (first[0], second[1])}
    moved = [replace(member, person=3) for member in first[:2]]
    people.write(moved)
    people.remove([first[2].tracklet])
    assert in_order(people.members()) == in_order([*moved, *first[3:], *second])


def test_numbers_are_given_once_and_names_are_kept(gallery):
    people = gallery.people
    first = people.new_numbers(2)
    assert [*people.new_numbers(3)] == [first[-1] + 1, first[-1] + 2, first[-1] + 3]
    assert [*people.new_numbers(0)] == []
    for number, name in ((1, "Anna"), (2, 'Quo"te \\ 小明'), (1, "Anne")):
        people.call(number, name)
    assert people.names() == {1: "Anne", 2: 'Quo"te \\ 小明'}
    assert people.names([1, 7]) == {1: "Anne"} and people.names([]) == {}
    people.call(1, "")
    assert people.names() == {2: 'Quo"te \\ 小明'}
    people.forget_names()
    assert people.names() == {}, "nothing is left of person 2"


def test_what_is_removed_is_removed_from_the_people(gallery):
    for video, camera in (("aa", "c1"), ("bb", "c2"), ("cc", "c1")):
        index(gallery, video, camera=camera)
    people = gallery.people
    people.write([*members_of("aa", 1), *members_of("bb", 2, camera="c2"), *members_of("cc", 1)])
    for number, name in ((1, "Anna"), (2, "Bob")):
        people.call(number, name)
    gallery.remove(Selection(video="bb"), purge=False)
    assert {member.person for member in people.members()} == {1} and people.names() == {1: "Anna"}
    gallery.remove(Selection(video="aa", since=14.7, until=70.0), purge=False)
    left = {rows[0].tracklet for rows in gallery.tracklets(fields=[])}
    assert len(left) == 2 + 6 and {member.tracklet for member in people.members()} == left
    gallery.remove(Selection(cameras=["c1"], since=0.0), purge=False)
    assert list(people.members()) == [] and people.names() == {}


def test_nothing_of_a_removed_person_is_left_in_the_files(lite):
    folder = lite.store.milvus.address.folder
    index(lite, "aa")
    index(lite, "bb", camera="c2")
    people = lite.people
    people.write([*members_of("aa", 1), *members_of("bb", 2, camera="c2")])
    people.call(1, "Anna"), people.call(2, "Zenobia")
    lite.store.flush()
    assert b"Zenobia" in folder_bytes(folder), "else this test would see nothing"
    lite.remove(Selection(video="bb"))
    left = folder_bytes(folder)
    assert b"Zenobia" not in left and b"Anna" in left
    assert people.names() == {1: "Anna"} and len(list(people.members())) == 6
    number = people.new_numbers(1)[0]
    lite.purge()
    assert people.new_numbers(1)[0] == number + 1


@pytest.mark.parametrize("moment", ["before it is written", "after it was written"])
def test_what_is_removed_while_another_program_says_whose_it_is_is_gone(gallery, monkeypatch, moment):
    index(gallery, "aa")
    index(gallery, "bb")
    people, store = gallery.people, gallery.store
    write = store.write

    def removing(collection, rows) -> None:
        for when in ("before it is written", "after it was written"):
            if when == moment:
                monkeypatch.undo()
                gallery.remove(Selection(video="bb"), purge=False)
            if when == "before it is written":
                write(collection, rows)

    monkeypatch.setattr(store, "write", removing)
    people.write([*members_of("aa", 1), *members_of("bb", 2)])
    assert in_order(people.members()) == in_order(members_of("aa", 1))
    assert {row["video"] for row in store.query(store.people, "segment >= 0", ["video"])} == {"aa"}


def test_one_program_at_a_time_changes_people(gallery, monkeypatch):
    monkeypatch.setattr(claim, "WAIT", 0.0)
    with gallery.people.alone():
        with pytest.raises(
            InputError, match=r"another program \(.*\) has been changing the people of .* since"
        ):
            with gallery.people.alone():
                raise AssertionError("both had it")
    with gallery.people.alone():
        pass


def test_who_waits_comes_next(lite):
    order = []

    def second() -> None:
        with lite.people.alone():
            order.append("second")

    waiting = threading.Thread(target=second)
    with lite.people.alone():
        waiting.start()
        time.sleep(0.3)
        order.append("first")
    waiting.join(60)
    assert order == ["first", "second"]


def test_a_dead_program_holds_nobody_up(gallery, kind, monkeypatch):
    monkeypatch.setattr(claim, "WAIT", 0.0)
    left = Claim(gallery.store)
    with monkeypatch.context() as before:
        if kind == "lite":  # which other programs cannot have open at the same time
            before.setattr(claim, "PROCESS", "another")
        else:
            before.setattr(claim, "time", type("Clock", (), {"time": lambda: time.time() - claim.LIFE - 1}))
        left.write()
    with gallery.people.alone() as held:
        held.renew()
        with pytest.raises(InputError, match="were not changed: it took so long"):
            left.renew()


def test_two_openings_of_a_server_share_people(gallery, kind, uri):
    if kind == "lite":
        pytest.skip("milvus-lite has one")
    index(gallery, "aa")
    with open_gallery(uri) as second:
        with second.people.alone():
            second.people.write(members_of("aa", 5))
            second.people.call(5, "Anna")
        assert gallery.people.names() == {5: "Anna"} and len(list(gallery.people.members())) == 6
