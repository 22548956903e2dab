"""From a person's vector to where the person was."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from .embedder import Embedder, pooled
from .gallery import EVERYTHING, Gallery, Hit, Selection, TrackletRow
from .gallery.nearest import AT_ONCE
from .spans import unbroken

MORE = 4  # tracklets that are asked for, for each answer: a walk may have several
WALKS = 100  # that are asked for together


@dataclass(frozen=True, eq=False)
class Answer:
    """A time in which a camera saw the person.

    Attributes:
        score: cosine similarity of its most similar tracklet, -1 to 1.
        video: fingerprint.
        name: of the video's file.
        camera: name.
        start: [seconds since the epoch, or since the video's start].
        end: likewise.
        hits: its tracklets, by time.
        person: number of the person whose the most similar of them is; None: it is nobody's yet.
        person_name: "" if there is none.
    """

    score: float
    video: str
    name: str
    camera: str
    start: float
    end: float
    hits: Sequence[Hit]
    person: int | None = None
    person_name: str = ""

    @property
    def best(self) -> TrackletRow:
        """The most similar tracklet."""
        return max(self.hits, key=lambda hit: hit.score).row

    @property
    def thumbnail(self) -> bytes:
        """JPEG file of the most similar tracklet's picture."""
        return self.best.thumbnail


def answers(
    gallery: Gallery, vector: np.ndarray, top: int, where: Selection = EVERYTHING, threshold: float = -1.0
) -> list[Answer]:
    """Where a person was, the most similar first.

    Args:
        gallery: to search.
        vector: (D,), of the person.
        top: answers at most.
        where: which tracklets to look at.
        threshold: their least similarity.
    """
    walks: dict[str, list[Hit]] = defaultdict(list)
    for hit in _hits(partial(gallery.search, vector[None], threshold=threshold), top, where):
        walks[hit.row.track].append(hit)
    found = [
        Answer(
            max(hit.score for hit in hits),
            hits[0].row.video,
            hits[0].row.video,  # until its name is read
            hits[0].row.camera,
            hits[0].row.start,
            max(hit.row.end for hit in hits),
            hits,
        )
        for walk in walks.values()
        # Apart where a tracklet between them was not similar enough.
        for hits in unbroken(walk, lambda hit: hit.row)
    ]
    return _with_names(gallery, sorted(found, key=lambda answer: (-answer.score, answer.start))[:top])


def walk_scores(found: Sequence[Answer]) -> dict[str, float]:
    """How similar each walk is, by the id of its track: as similar as the best of its answers.

    Args:
        found: the most similar first.
    """
    return {hit.row.track: answer.score for answer in reversed(found) for hit in answer.hits}


def person_vector(pictures: Sequence[np.ndarray], embedder: Embedder) -> np.ndarray:
    """The vector of one person, from one or several (h, w, 3) uint8 BGR pictures; (D,)."""
    return pooled(embedder(pictures))


def _hits(search: Callable[..., list[list[Hit]]], top: int, where: Selection) -> list[Hit]:
    """All tracklets of the most similar walks, of as many as there can be answers."""
    hits, whole = _asked(partial(search, where=where), top * MORE, lambda hits: len(_walks(hits)) >= top)
    if whole:
        return hits
    # The walks have more tracklets than those that are among the most similar of all.
    walks, found = _walks(hits)[:top], []
    for first in range(0, top, WALKS):
        some = replace(where, tracks=walks[first : first + WALKS])
        found += _asked(partial(search, where=some), AT_ONCE)[0]
    return found


def _asked(
    search: Callable[..., list[list[Hit]]],
    count: int,
    enough: Callable[[list[Hit]], bool] = lambda hits: False,
) -> tuple[list[Hit], bool]:
    """So many hits, or more until they are enough; and whether they are all that there are."""
    while True:
        [hits] = search(top=count)
        if len(hits) < count:
            return hits, True
        if enough(hits):
            return hits, False
        count *= 4


def _walks(hits: Sequence[Hit]) -> list[str]:
    """The ids of their tracks, the most similar first."""
    return list(dict.fromkeys(hit.row.track for hit in hits))


def _with_names(gallery: Gallery, found: Sequence[Answer]) -> list[Answer]:
    """Answers with the names of their videos, and of whom they show, as far as people are known."""
    videos = gallery.names({answer.video for answer in found})
    whom = gallery.people.whom(answer.best.tracklet for answer in found)
    return [
        replace(answer, name=videos.get(answer.video, answer.video), person=person, person_name=name)
        for answer in found
        for person, name in [whom.get(answer.best.tracklet, (None, ""))]
    ]
