"""How the page shows times and pictures."""

import base64
import math
from datetime import datetime

from search.clock import is_date, show_time
from search.gallery import TrackletRow

DAY = 86_400
STEPS = (
    1,
    2,
    5,
    10,
    20,
    30,
    60,
    120,
    300,
    600,
    1200,
    1800,
    3600,
    7200,
    10_800,
    21_600,
    43_200,
    DAY,
)  # seconds
MOST_TICKS = 6


def data_address(jpeg: bytes) -> str:
    """A JPEG file as an address that holds it."""
    return f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}"


def span(start: float, end: float) -> dict:
    """A time: ``day`` ("" for a video's own clock), ``from`` and ``to`` as texts, and its seconds."""
    first, last = show_time(start), show_time(end)
    day = first.split(" ")[0] if is_date(start) else ""
    texts = {"day": day, "from": first.split(" ")[-1], "to": last.split(" ")[-1]}
    return {**texts, "start": round(start, 3), "end": round(end, 3)}


def seen(row: TrackletRow) -> dict:
    """A tracklet: whom a click on it is about."""
    return {
        "tracklet": row.tracklet,
        "video": row.video,
        "camera": row.camera,
        "thumbnail": data_address(row.thumbnail) if row.thumbnail else "",
        **span(row.start, row.end),
    }


def ticks(start: float, end: float) -> list[dict]:
    """Round times of a span, about MOST_TICKS at most, each with its text; a day begins with its date."""
    step = next((one for one in STEPS if (end - start) / one <= MOST_TICKS), 0)
    step = step or DAY * math.ceil((end - start) / DAY / MOST_TICKS)
    zero = 0.0
    if is_date(start):
        zero = datetime.fromtimestamp(start).replace(hour=0, minute=0, second=0, microsecond=0).timestamp()
    found, day = [], ""
    for number in range(math.ceil((start - zero) / step), math.floor((end - zero) / step) + 1):
        at = zero + number * step
        date, _, clock = show_time(at).rpartition(" ")
        clock = clock if step < 60 or not date else clock[:5]
        text = clock if date == day else f"{date[5:]} {clock}"
        text = date[5:] if step >= DAY and date else text
        found.append({"at": at, "text": text})
        day = date
    return found
