"""The stages of indexing a video, one after the other, and what each takes."""

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple, TypeVar

import numpy as np

from search.detectors import Detector
from search.embedder import Embedder
from search.gallery import Gallery, VideoRow
from search.indexing import Writer, found_in
from search.segment import Found, in_segments
from search.tracker import Tracker
from search.video import open_video

T = TypeVar("T")
STAGES = ("decode", "detect", "track", "embed", "write")


class Counted(NamedTuple):
    """How much went through the stages."""

    frames: int
    detections: int
    pictures: int  # that tracklets keep


@dataclass
class Watch:
    """How long each part of a work took, without those that it waited for [seconds]."""

    seconds: dict[str, float] = field(default_factory=dict)

    def items(self, name: str, items: Iterable[T], *inner: str) -> Iterator[T]:
        """The items; what it takes to get them is counted, but for what counts for ``inner``."""
        source = iter(items)
        while True:
            begin, waited = time.perf_counter(), self._sum(inner)
            item = next(source, None)
            taken = time.perf_counter() - begin - (self._sum(inner) - waited)
            self.seconds[name] = self.seconds.get(name, 0.0) + taken
            if item is None:
                return
            yield item

    def _sum(self, names: Sequence[str]) -> float:
        return sum(self.seconds.get(name, 0.0) for name in names)


class WatchedEmbedder:
    """An embedder that counts its pictures, and its time as 'embed'."""

    def __init__(self, embedder: Embedder, watch: Watch):
        self._embedder, self._watch = embedder, watch
        self.dim, self.weights, self.pictures = embedder.dim, embedder.weights, 0

    def __call__(self, pictures: Sequence[np.ndarray]) -> np.ndarray:
        """As the embedder."""
        self.pictures += len(pictures)
        return next(self._watch.items("embed", map(self._embedder, [pictures])))


def measure_stages(
    path: str, detector: Detector, embedder: Embedder, gallery: Gallery, row: VideoRow
) -> tuple[dict[str, float], Counted]:
    """Index a video as ``Indexer`` does, but each stage alone, with the whole machine to itself.

    Args:
        path: of the video.
        detector: that finds people.
        embedder: the gallery's network.
        gallery: empty.
        row: what it begins the video with.

    Returns:
        Seconds of each of STAGES, and how much went through them.
    """
    watch, frames, detections = Watch(), 0, 0
    counting = WatchedEmbedder(embedder, watch)
    detector = detector.fresh()

    def counted(found: Iterable[Found]) -> Iterator[Found]:
        nonlocal frames, detections
        for frame, people in found:
            frames, detections = frames + 1, detections + len(people)
            yield frame, people

    with open_video(path) as video:
        found = found_in(watch.items("decode", video.frames()), detector)
        found = counted(watch.items("detect", found, "decode"))
        pieces = in_segments(found, 0, partial(Tracker, "bytetrack", video.frame_rate))
        writer = Writer(gallery, counting, gallery.begin_video(row))

        def written() -> Iterator[bool]:
            for number, tracklet in watch.items("track", pieces, "decode", "detect"):
                writer.finish(number) if tracklet is None else writer.add(tracklet)
                yield True
            gallery.finish_video(row.video, 1.0)

        for _ in watch.items("write", written(), "decode", "detect", "track", "embed"):
            pass
    return watch.seconds, Counted(frames, detections, counting.pictures)
