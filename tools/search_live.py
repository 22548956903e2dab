"""The sub-commands of tools/search.py that look at live cameras."""

from argparse import Namespace
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from engine.interrupt import Interrupt
from search.clock import parse_span
from search.detectors import make_detector
from search.embedder import Embedder
from search.gallery import Gallery, TrackletRow
from search.gallery.address import parse_address
from search.live import Camera, Live, name_cameras
from search.query import person_vector
from search.tracker import CONTINUES, Tracker
from search.video import Video, open_video
from search.watch import Sighting, Watch, watch_gallery
from search.webhook import Webhook
from tools.search_options import detection, embedder_of, gallery_of, pictures_of, threshold_of
from utils.errors import InputError, one_line

STOPPING = "stopping once what was seen is written"
LEAST_KEPT = 120.0  # seconds
PATIENCE = 10.0  # seconds that who only watches waits at the end for a Milvus server that is gone


def live(options: Namespace) -> int:
    """Index live cameras until a signal comes."""
    follow(cameras_of(options.sources, options), options, embedder_of(options))
    return 0


def watch(options: Namespace) -> int:
    """Say when a person appears, until a signal comes."""
    cameras = cameras_of(options.source, options)
    if not cameras and parse_address(options.gallery).folder:
        raise InputError(
            f"{one_line(options.gallery)} is a folder, which one program alone can read and fill: name the "
            "cameras with --source; or name the Milvus server that other programs fill with --gallery"
        )
    if options.keep and not cameras:
        raise InputError("--keep is for the cameras of --source; there are none")
    webhook = Webhook(options.notify) if options.notify else None
    pictures, threshold = pictures_of(options, options.images), threshold_of(options)
    embedder = embedder_of(options)

    def tell(sighting: Sighting) -> None:
        print(sighting.line)
        if webhook:
            webhook.send(sighting.message)

    name = options.name or Path(options.images[0]).stem
    person = Watch(name, person_vector(pictures, embedder), threshold, tell)
    with webhook or nullcontext():
        if cameras:
            follow(cameras, options, embedder, person.compare)
        else:
            with gallery_until_signal(options, embedder, patience=PATIENCE) as (gallery, stopped):
                watch_gallery(gallery, person, options.camera, stopped)
    return 0


def follow(
    cameras: Sequence[Camera],
    options: Namespace,
    embedder: Embedder,
    wrote: Callable[[list[TrackletRow]], None] = lambda rows: None,
) -> None:
    """Index cameras until a signal comes; ``wrote`` is called with what was written."""
    detector = make_detector(options.detector, detection(options, min(CONTINUES, options.score)))

    def make_tracker(rate: float) -> Tracker:
        return Tracker(options.tracker, options.fps or rate / options.every, score=options.score)

    def open_camera(source: str, report: Callable[[str], object]) -> Video:
        return open_video(source, options.every, options.fps or None, report=report)

    with gallery_until_signal(options, embedder, create=True) as (gallery, stopped):
        indexing = Live(gallery, detector, make_tracker, embedder, open_camera, kept(options), wrote)
        indexing.run(cameras, stopped)


@contextmanager
def gallery_until_signal(
    options: Namespace, embedder: Embedder, **how: Any
) -> Iterator[tuple[Gallery, Callable[[], bool]]]:
    """The gallery, opened as ``gallery_of`` does with ``how``, and what says whether a signal has come."""
    with Interrupt(STOPPING) as interrupt:

        def stopped() -> bool:
            return interrupt.heard

        with gallery_of(options, embedder, stopped=stopped, **how) as gallery:
            yield gallery, stopped


def cameras_of(sources: Sequence[str], options: Namespace) -> list[Camera]:
    """The cameras to index; none if there are no sources.

    Raises:
        InputError: a source is not one, or the options cannot be followed.
    """
    if options.every > 1 and options.fps:
        raise InputError("--every and --fps choose the frames in different ways; give one of them")
    kept(options)
    return name_cameras(sources, options.camera) if sources else []


def kept(options: Namespace) -> float | None:
    """How long people stay in the gallery [seconds]; None: for ever."""
    if not options.keep:
        return None
    seconds = parse_span(options.keep)
    if seconds < LEAST_KEPT:
        raise InputError(f"--keep {options.keep} is less than {LEAST_KEPT / 60:g}m, the least")
    return seconds
