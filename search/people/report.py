"""Who was where, and when, as a table, JSON or CSV."""

from collections.abc import Callable, Iterator, Sequence

from search.clock import show_time
from search.report import csv_text, json_text, table

from .people import Person

FIELDS = ("person", "person_name", "camera", "start", "end", "name", "video", "tracklets")


def records(people: Sequence[Person]) -> Iterator[dict]:
    """A record for each visit; times are seconds since the epoch, or since the video's start."""
    for person in people:
        for visit in person.visits:
            yield {
                "person": person.number,
                "person_name": person.name,
                "camera": visit.camera,
                "start": round(visit.start, 3),
                "end": round(visit.end, 3),
                "name": visit.name,
                "video": visit.video,
                "tracklets": list(visit.tracklets),
            }


def as_json(people: Sequence[Person]) -> str:
    """A list of objects, one for each visit."""
    return json_text(records(people))


def as_csv(people: Sequence[Person]) -> str:
    """A header, and a line for each visit."""
    return csv_text(FIELDS, records(people))


def as_table(people: Sequence[Person]) -> str:
    """Columns for a person to read: a line for each visit."""
    if not people:
        return "nobody"
    rows = [("person", "name", "camera", "from", "to", "video")]
    for person in people:
        for visit in person.visits:
            when = (show_time(visit.start), show_time(visit.end))
            rows.append((str(person.number), person.name, visit.camera, *when, visit.name))
    return table(rows)


FORMATS: dict[str, Callable[[Sequence[Person]], str]] = {"table": as_table, "json": as_json, "csv": as_csv}
