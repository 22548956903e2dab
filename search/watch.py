"""Says when a person appears: one line, and one message, for each time that a camera sees the person."""

import base64
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from utils.errors import one_line

from .clock import show_time
from .gallery import Gallery, Hit, Selection, TrackletRow
from .gallery.retry import ServerGoneError

APART = 10.0  # seconds that a camera must not see the person before it counts as coming again
LATE = 600.0  # seconds: how late a tracklet may be written, and how much clocks of machines may differ
MOST = 100  # tracklets of one look
PAUSE = 1.0  # seconds between two looks into a gallery
OUTAGE = 5.0  # seconds; a look that takes longer has waited for the server


@dataclass
class Watch:
    """Waits for a person.

    Args:
        person: name, for what is said.
        vector: (D,) float32, L2-normalised.
        threshold: least similarity.
        tell: called when a camera begins to see the person.
    """

    person: str
    vector: np.ndarray
    threshold: float
    tell: Callable[["Sighting"], None]
    _last: dict[str, TrackletRow] = field(default_factory=dict)  # by camera

    def compare(self, rows: Iterable[TrackletRow]) -> None:
        """Look at tracklets with their vectors."""
        self.see(Hit(float(self.vector @ row.vector), row) for row in rows)

    def see(self, hits: Iterable[Hit]) -> None:
        """Look at tracklets with their similarity to the person; also again, when more is known of them."""
        for hit in sorted(hits, key=lambda hit: hit.row.end):
            if hit.score < self.threshold:
                continue
            row, last = hit.row, self._last.get(hit.row.camera)
            goes_on = last and (row.track == last.track or row.start - last.end <= APART)
            if not last or row.end > last.end:
                self._last[row.camera] = row
            if not goes_on:
                self.tell(Sighting(self.person, hit))


@dataclass(frozen=True, eq=False)
class Sighting:
    """A camera sees a person.

    Args:
        person: name.
        hit: the tracklet in which the person was recognised, and how similar it is.
    """

    person: str
    hit: Hit

    @property
    def line(self) -> str:
        """For people to read."""
        seen, score = self.hit.row, self.hit.score
        return f"{show_time(seen.start)} {one_line(seen.camera)}: {self.person}, similarity {score:.2f}"

    @property
    def message(self) -> dict:
        """For programs, as JSON: times in seconds since 1970, the picture as JPEG in base64."""
        row = self.hit.row
        return {
            "person": self.person,
            "score": round(self.hit.score, 4),
            "camera": row.camera,
            "start": round(row.start, 3),
            "end": round(row.end, 3),
            "tracklet": row.tracklet,
            "track": row.track,
            "thumbnail": base64.b64encode(row.thumbnail).decode(),
        }


def watch_gallery(
    gallery: Gallery, watch: Watch, cameras: Sequence[str], stopped: Callable[[], bool]
) -> None:
    """Look again and again for tracklets that others have written to a gallery, until it is to stop.

    Args:
        gallery: on a server.
        watch: for the person.
        cameras: names of those that count; none: all.
        stopped: asked before each look.

    Raises:
        ServerGoneError: before it is to stop.
    """
    begun = since = time.time()
    caught_up = 0.0
    while not stopped():
        looked = time.time()
        if looked > caught_up:
            since = max(begun, looked - LATE)
        try:
            where = Selection(cameras=cameras, since=since)
            watch.see(gallery.search(watch.vector, MOST, where, watch.threshold)[0])
            if time.time() > looked + OUTAGE:  # others have yet to write what they saw meanwhile
                caught_up = time.time() + LATE
        except ServerGoneError:
            if stopped():  # nothing is lost
                return
            raise
        time.sleep(PAUSE)
