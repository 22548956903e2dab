"""What users say of people: who is called what, who is the same person, and who is not.

It is kept with the tracklets: those of a person who is named, merged or split are from then on *said* to be
that person's. So no later grouping takes them away, or joins two who were said to be two, and what is removed
from the gallery takes what was said of it along. The latest word counts.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from search.clock import show_time
from search.gallery import EVERYTHING, Gallery, MemberRow, Selection
from utils.errors import InputError, one_line

from .timetable import Timetable
from .walks import stays

LONGEST = 100  # characters of a name


def find_number(gallery: Gallery, text: str) -> int:
    """The number of the person of this number or name.

    Raises:
        InputError: there is none.
    """
    by_name = {name: number for number, name in gallery.people.names().items()}
    if text in by_name:
        return by_name[text]
    if not text.isdecimal():
        named = f"; there are {', '.join(sorted(by_name))}" if by_name else ""
        raise InputError(f"there is no person {one_line(text)!r}{named}")
    _members(gallery, int(text))
    return int(text)


def name_person(gallery: Gallery, person: int, name: str) -> None:
    """Give a person a name, which says that all the person's tracklets are of this one person.

    Args:
        gallery: with the person.
        person: number.
        name: "" takes it away.

    Raises:
        InputError: there is no such person, it is no name, or another person has it.
    """
    name = " ".join(name.split())
    if len(name) > LONGEST or not name.isprintable() or name.isdecimal():
        raise InputError(
            f"{name[:LONGEST]!r} cannot be a name: write at most {LONGEST} letters, and not a number alone"
        )
    with gallery.people.alone():
        members = _members(gallery, person)
        for number, other in gallery.people.names().items():
            if name and other == name and number != person:
                raise InputError(
                    f"person {number} is called {name} already; merge {number} and {person} if they are the "
                    "same, or choose another name"
                )
        gallery.people.call(person, name)
        _say(gallery, members, person)
        gallery.people.forget_names()


def merge_people(gallery: Gallery, people: Sequence[int]) -> int:
    """Say that people are one: the first of them, who takes the name of another if there is none yet.

    Returns:
        The number of the one.

    Raises:
        InputError: there is no such person, or two of them were seen at the same time in one camera.
    """
    people = list(dict.fromkeys(people))
    if len(people) < 2:
        raise InputError("name two people or more to merge")
    with gallery.people.alone():
        members = {person: _members(gallery, person) for person in people}
        _check_apart(gallery, members)
        names = gallery.people.names()
        if name := next((names[person] for person in people if person in names), ""):
            gallery.people.call(people[0], name)
        for person in people:
            _say(gallery, members[person], people[0])
        for person in people[1:]:
            gallery.people.call(person, "")
        gallery.people.forget_names()
    return people[0]


def split_person(
    gallery: Gallery, person: int, tracklets: Iterable[str] = (), where: Selection = EVERYTHING
) -> int:
    """Say that tracklets of a person are somebody else's: one other person's.

    Args:
        gallery: with the person.
        person: number.
        tracklets: ids; none: all in the selection.
        where: the selection.

    Returns:
        The number of the other person, who is new.

    Raises:
        InputError: there is no such person; these are not the person's, or all that the person has.
    """
    tracklets = set(tracklets)
    with gallery.people.alone():
        members = _members(gallery, person)
        own = {member.tracklet for member in members}
        if strange := sorted(tracklets - own):
            raise InputError(f"person {person} has no tracklet {one_line(strange[0])}")
        gone = {member.tracklet for member in gallery.people.members(where, [person])}
        gone &= tracklets or own
        if not gone:
            raise InputError(f"person {person} was not seen there: there is nothing to split off")
        if gone == own:
            raise InputError(f"that is all there is of person {person}; name a part of it")
        (number,) = gallery.people.new_numbers(1)
        _say(gallery, [member for member in members if member.tracklet not in gone], person)
        _say(gallery, [member for member in members if member.tracklet in gone], number)
    return number


def _members(gallery: Gallery, person: int) -> list[MemberRow]:
    members = list(gallery.people.members(people=[person]))
    if not members:
        raise InputError(f"there is no person {person}; tools/search.py people lists them")
    return members


def _say(gallery: Gallery, members: Sequence[MemberRow], person: int) -> None:
    """Write that these are a person's, and that a user said so."""
    said = [replace(member, person=person, said=True) for member in members]
    gallery.people.write([new for new, old in zip(said, members, strict=True) if new != old])


def _check_apart(gallery: Gallery, members: dict[int, list[MemberRow]]) -> None:
    """Refuse people who were seen at the same time in one camera."""
    videos = {video.video: video for video in gallery.videos()}
    timetables = {person: Timetable(stays(rows, videos)) for person, rows in members.items()}
    people = list(members)
    for place, one in enumerate(people):
        for other in people[:place]:
            if clash := timetables[one].clash(timetables[other], {}):
                start, end = map(show_time, clash.span)
                raise InputError(
                    f"{other} and {one} are not one person: {one_line(clash.camera)} saw both at the same "
                    f"time, from {start} to {end}; split off first what is somebody else's"
                )
