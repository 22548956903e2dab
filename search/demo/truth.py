"""Who is seen where and when in the drawn videos, written beside them."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from utils.files import atomic_write

from .filming import Sighting
from .films import Film, Moment

_GAP = 2.0  # Seconds out of sight after which a person's next sighting is another visit.
_CLEAR = 0.97  # A person who is seen more clearly than this is preferred for their size.
_LARGE = 0.3  # A person who is taller than this part of the picture is not preferred any more.
_MARGIN = 0.04  # Around a query's box, as a part of its height.


class Truth:
    """Collects the truth about the videos while they are drawn.

    For each camera, `ground_truth/<camera>.txt` is written in the format of MOTChallenge's gt.txt (Dendorfer
    et al., 2020): frame from 1, person, x, y, width and height of the person's box within the picture in
    pixels from 0, 1, class 1, visibility 0..1; one line per person and frame in which any of them is seen.
    `ground_truth/<camera>.ini` beside it is MOTChallenge's seqinfo.ini. `people.csv` has the visits: person,
    camera, and the seconds of the first and last frame in which they are seen.
    `queries/<person>_<camera>.png` shows each person at their clearest and largest moment.

    Args:
        folder: Where to write.
    """

    def __init__(self, folder: Path):
        """See the class."""
        self._folder = folder
        self._visits: list[_Visit] = []
        self._best: dict[int, tuple[tuple[float, float], str, np.ndarray]] = {}

    @contextmanager
    def of(self, film: Film) -> Iterator[Callable[[Moment], None]]:
        """The truth of one camera, as a function that takes its frames one after the other."""
        place = self._folder / "ground_truth"
        with atomic_write(place / f"{film.name}.ini") as stream:
            width, height = film.spec.size
            stream.write(
                f"[Sequence]\nname={film.name}\nimDir=../{film.name}.mp4\nframeRate={film.spec.fps}\n"
                f"seqLength={film.spec.frames}\nimWidth={width}\nimHeight={height}\nimExt=.mp4\n"
            )
        latest: dict[int, _Visit] = {}
        with atomic_write(place / f"{film.name}.txt") as stream:

            def note(moment: Moment) -> None:
                time = moment.number / film.spec.fps
                for seen in sorted(moment.sightings, key=lambda seen: seen.number):
                    x, y, width, height = seen.box
                    who, box = f"{moment.number + 1},{seen.number}", f"{x},{y},{width},{height}"
                    stream.write(f"{who},{box},1,1,{seen.visibility:.3f}\n")
                    self._visit(latest, film.name, seen.number, time)
                    self._keep_best(film.name, moment.image, seen)

            yield note

    def finish(self) -> None:
        """Write what the videos have in common, after the last of them."""
        with atomic_write(self._folder / "people.csv", newline="") as stream:
            table = csv.writer(stream)
            table.writerow(("person", "camera", "entry", "exit"))
            for visit in sorted(self._visits, key=lambda visit: (visit.person, visit.entry)):
                table.writerow((visit.person, visit.camera, f"{visit.entry:.3f}", f"{visit.exit:.3f}"))
        for person, (_, camera, picture) in sorted(self._best.items()):
            file = self._folder / "queries" / f"{person}_{camera}.png"
            with atomic_write(file, "wb") as stream:
                stream.write(cv2.imencode(".png", picture)[1].tobytes())

    def _visit(self, latest: dict[int, _Visit], camera: str, person: int, time: float) -> None:
        visit = latest.get(person)
        if visit is None or time - visit.exit > _GAP:
            visit = latest[person] = _Visit(person, camera, time, time)
            self._visits.append(visit)
        visit.exit = time

    def _keep_best(self, camera: str, image: np.ndarray, seen: Sighting) -> None:
        x, y, width, height = seen.box
        worth = (min(_CLEAR, seen.visibility * (1 - seen.company)), min(height, _LARGE * image.shape[0]))
        if seen.number in self._best and worth <= self._best[seen.number][0]:
            return
        margin = round(height * _MARGIN)
        left, top = max(x - margin, 0), max(y - margin, 0)
        part = image[top : y + height + margin, left : x + width + margin]
        self._best[seen.number] = (worth, camera, part.copy())


@dataclass
class _Visit:
    person: int
    camera: str
    entry: float
    exit: float
