"""What the options of tools/search.py stand for."""

from argparse import Namespace
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from loguru import logger

from config import READY_MODELS
from config.errors import did_you_mean
from search.calibration import ANSWERS, Calibration, read_calibration
from search.clock import parse_time
from search.detectors import Settings, make_detector
from search.embedder import Embedder, make_embedder
from search.gallery import Gallery, Selection, open_gallery
from search.gallery.retry import PATIENCE
from search.scene import GLIMPSE, NotOnePersonError, find_person, parse_box, write_scene
from search.video_names import MOST_LISTED, find_video
from utils.counting import counted
from utils.device import select_device
from utils.errors import InputError, one_line
from utils.files import atomic_write


def embedder_of(options: Namespace) -> Embedder:
    """The network that the options name, or the ready one."""
    return make_embedder(weights_of(options), select_device(options.device, said_by="--device"))


def detection(options: Namespace, score: float) -> Settings:
    """How people are detected: from this score on, where the options say."""
    return Settings(score, cuda=options.device != "cpu")


def weights_of(options: Namespace) -> str:
    """The file of the network's weights."""
    return options.weights or READY_MODELS["mobilenet_v2"]


def pictures_of(options: Namespace, files: Sequence[str], sheet: str = "") -> list[np.ndarray]:
    """The person of each file, (h, w, 3) uint8 BGR; if that is not clear, the sheet shows who is seen."""
    box = parse_box(options.box)
    if box and len(files) > 1:
        raise InputError("--box is a place in one picture; give one")
    # In a single picture, nothing moves.
    name = options.detector if options.detector != "motion" else ""
    detector = make_detector(name, detection(options, GLIMPSE)) if name else None
    try:
        return [find_person(file, detector, box) for file in files]
    except NotOnePersonError as error:
        if not sheet or not error.boxes:
            raise
        write_scene(Path(sheet), error)
        raise InputError(f"{error}; they are drawn in {one_line(sheet)}") from None


def gallery_of(
    options: Namespace,
    embedder: Embedder | None = None,
    create: bool = False,
    patience: float = PATIENCE,
    stopped: Callable[[], bool] | None = None,
) -> Gallery:
    """The gallery that the options name; the last three as for ``open_gallery``."""
    weights, dim = (embedder.weights, embedder.dim) if embedder else (None, None)
    return open_gallery(options.gallery, weights, dim, create, patience, stopped)


def calibration_of(options: Namespace) -> Calibration | None:
    """How alike two of the same person are: as given, or as calibrated; None: neither."""
    if not options.threshold:
        return read_calibration(Path(weights_of(options)))
    try:
        return Calibration.fixed(float(options.threshold))
    except ValueError:
        raise InputError(f"--threshold {options.threshold} is not a number") from None


def threshold_of(options: Namespace) -> float:
    """The least similarity of an answer."""
    found = calibration_of(options)
    if found is None:
        logger.warning(
            "no calibration beside the weights: every answer is shown, however unlike; make one with "
            "tools/test.py --calibrate, or give a --threshold"
        )
        return -1.0
    return found.threshold(ANSWERS)


def selection(options: Namespace, gallery: Gallery) -> Selection:
    """The tracklets that the options name; how many videos have times of the other kind is logged."""
    texts = [vars(options)[name] for name in ("from", "to")]
    since, until = (parse_time(text) if text else None for text in texts)
    named = vars(options).get("video")  # query has no such option
    video = find_video(gallery, named).video if named else None
    where = Selection(video, tuple(options.camera), since, until)
    if since is not None and until is not None and since > until:
        raise InputError(f"--from {texts[0]} is after --to {texts[1]}")
    videos = gallery.videos() if where.cameras or where.is_timed else []
    _check_cameras(where.cameras, sorted({video.camera for video in videos}))
    if left := sum(map(where.leaves, videos)):
        logger.warning(
            f"--from and --to leave {counted(left, 'video')} out: a date says nothing about a video indexed "
            "without --start, nor a clock time about one with it"
        )
    return where


def _check_cameras(named: Sequence[str], known: Sequence[str]) -> None:
    for camera in named:
        if camera not in known:
            shown = ", ".join(map(one_line, known[:MOST_LISTED])) + ", …" * (len(known) > MOST_LISTED)
            raise InputError(
                f"the gallery has no camera {one_line(camera)}{did_you_mean(camera, known)}; "
                f"its cameras: {shown or 'none'}"
            )


def for_programs(options: Namespace) -> bool:
    """Whether stdout gets JSON or CSV, among which no other line may stand."""
    return getattr(options, "format", "table") != "table" and not options.out


def deliver(text: str, file: str) -> None:
    """Write an answer to a file, or print it if none is named."""
    if not file:
        print(text)
        return
    # A name may hold bytes that are not UTF-8.
    with atomic_write(Path(file), errors="backslashreplace") as stream:
        stream.write(f"{text}\n")
