"""Who is who: the people of the gallery, and what users say of them."""

import math
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from search.gallery import thumbnails
from search.people import (
    Person,
    Visit,
    group_people,
    list_people,
    merge_people,
    name_person,
    portraits,
    split_person,
)
from search.people.timeline import ROWS, write_timeline

from .desk import FRESH, Desk
from .jobs import Job
from .said import Said
from .showing import data_address, span, ticks
from .texts import Refusal

PAGE = 30  # people
MOST_VISITS = 400  # of a person that are shown
BUSY = 3.0  # seconds that are waited for another who says who is who


def people(desk: Desk, said: Said) -> dict:
    """A page of the people, with their portraits and visits."""
    # Of a gallery on this machine, nobody else changes the people.
    others = said.number("anew", 0) and not desk.gallery.store.milvus.is_local
    if time.monotonic() - desk.folk.read >= (FRESH if others else math.inf):
        read(desk)
    known, words = desk.folk.people, said.text("name", "").strip().lower()
    found = [one for one in known if words in one.name.lower() or words == str(one.number)]
    first = int(said.number("first", 0))
    some = found[max(0, first) :][:PAGE]
    pictures = portraits(desk.gallery, some)
    return {
        "people": [_shown(one, pictures.get(one.number, b"")) for one in some],
        "total": len(found),
        "first": first,
        "page": PAGE,
        "cameras": sorted({visit.camera for one in known for visit in one.visits}),
        "axes": [axis for dated in (True, False) if (axis := _axis(some, dated))],
    }


def faces(desk: Desk, said: Said) -> dict:
    """The pictures of tracklets, by id."""
    found = thumbnails(desk.gallery.store, said.texts("tracklets")[:MOST_VISITS])
    return {"faces": {tracklet: data_address(file) for tracklet, file in found.items()}}


def name(desk: Desk, said: Said) -> dict:
    """Give a person a name; "" takes it away."""
    person = int(said.number("person"))
    with saying(desk):
        name_person(desk.gallery, person, said.text("name", ""))
        read(desk, {person})
    return {}


def merge(desk: Desk, said: Said) -> dict:
    """Say that people are one."""
    numbers = [int(number) for number in said.numbers("people")]
    with saying(desk):
        one = merge_people(desk.gallery, numbers)
        read(desk, {*numbers})
    return {"person": one}


def split(desk: Desk, said: Said) -> dict:
    """Say that tracklets of a person are somebody else's."""
    person, tracklets = int(said.number("person")), said.texts("tracklets")
    if not tracklets:
        raise Refusal("error.split_nothing")
    with saying(desk):
        other = split_person(desk.gallery, person, tracklets)
        read(desk, {person, other})
    return {"person": other}


def group(desk: Desk, said: Said) -> dict:
    """Have it found out who is the same person."""
    how = desk.grouping
    if how is None:
        raise Refusal("error.no_threshold")

    def work(job: Job) -> tuple[str, dict]:
        with saying(desk), desk.writing() as gallery:
            done = group_people(gallery, how)
        desk.folk.read = -math.inf
        return "job.grouped", {"people": done.people, "new": done.new, "poor": done.poor}

    return {"job": desk.jobs.add(said.text("title", "People"), work).number}


def timeline(desk: Desk, said: Said) -> bytes:
    """The time line of a page of people, as a PNG file."""
    if not desk.folk.people:
        read(desk)
    some = desk.folk.people[max(0, int(said.number("first", 0))) :][:ROWS]
    with tempfile.TemporaryDirectory() as folder:
        file = write_timeline(Path(folder, "people.png"), some, portraits(desk.gallery, some))[0]
        return file.read_bytes()


@contextmanager
def saying(desk: Desk) -> Iterator[None]:
    """Let one say who is who at a time.

    Raises:
        Refusal: another does, for long.
    """
    if not desk.words.acquire(timeout=BUSY):
        raise Refusal("error.busy", 409)
    try:
        yield
    finally:
        desk.words.release()


def read(desk: Desk, numbers: set[int] | None = None) -> None:
    """Read who is there.

    Args:
        desk: what all requests share.
        numbers: of those who may have changed; None: all.
    """
    found = list_people(desk.gallery, people=sorted(numbers or ()))
    if numbers is not None:
        found += [one for one in desk.folk.people if one.number not in numbers]
        found.sort(key=lambda one: (not one.name, one.name, one.number))
    else:
        desk.folk.read = time.monotonic()
    desk.folk.people = found


def _shown(person: Person, portrait: bytes) -> dict:
    visits = [_visit(visit) for visit in person.visits[:MOST_VISITS]]
    return {
        "number": person.number,
        "name": person.name,
        "portrait": data_address(portrait) if portrait else "",
        "visits": visits,
        "more": len(person.visits) - len(visits),
    }


def _axis(some: list[Person], dated: bool) -> dict | None:
    """The times that a page of people spans, by date or by the videos' own clocks; None: nobody has one."""
    visits = [visit for one in some for visit in one.visits if visit.dated == dated]
    if not visits:
        return None
    start, end = min(visit.start for visit in visits), max(visit.end for visit in visits)
    end = max(end, start + 1.0)
    return {"dated": dated, "start": start, "end": end, "ticks": ticks(start, end)}


def _visit(visit: Visit) -> dict:
    shown = {"camera": visit.camera, "dated": visit.dated, "video": visit.video, "name": visit.name}
    return {**shown, "tracklets": list(visit.tracklets), **span(visit.start, visit.end)}
