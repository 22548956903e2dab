"""The sub-command of tools/search.py that shows a web page."""

import getpass
import os
import sys
from argparse import Namespace
from collections.abc import Callable
from functools import partial
from pathlib import Path

from loguru import logger

from config.search_flags import ASKED
from search.detectors import Detector, make_detector
from search.gallery import open_gallery
from search.gallery.address import parse_address
from search.page import Adding, Desk, Server
from search.page.library import Library
from search.page.serve import LOOPBACK
from search.people import Grouping, read_travel
from search.scene import GLIMPSE
from search.tracker import CONTINUES, Tracker
from tools.search_options import calibration_of, detection, embedder_of
from utils.errors import InputError, one_line, os_reason

PATIENCE = 4.0  # seconds that a question waits for a Milvus server
PASSWORD = "SEARCH_PASSWORD"  # variable of the environment
SHORTEST = 4  # characters of a password


def serve(options: Namespace) -> int:
    """Show a web page until a signal comes."""
    folders = [existing_folder(name) for name in options.videos]
    password = password_of(options.password) if options.password else None
    make_finder, make_detector_of_videos = detectors_of(options)
    grouping, embedder, address = grouping_of(options), embedder_of(options), parse_address(options.gallery)
    uploads = Path(options.uploads or f"{(address.folder or Path(address.name)).with_suffix('')}-uploads")
    again = partial(open_gallery, options.gallery, embedder.weights, embedder.dim, create=True)
    adding = Adding(
        make_detector_of_videos,
        partial(Tracker, options.tracker, score=options.score),
        None if address.folder else again,
        options.every,
        options.fps,
        options.max_upload << 20,
    )
    with again(patience=PATIENCE) as gallery:
        library, locked = Library(folders, uploads), password is not None
        desk = Desk(gallery, embedder, library, adding, grouping, make_finder(), locked)
        try:
            server = Server(desk, options.host, options.port, password)
            if options.host not in LOOPBACK and password is None:
                logger.warning(
                    f"everybody who reaches {options.host} sees the gallery: give a --password, or leave out "
                    "--host"
                )
            library.start()
            logger.info(f"The page is at {server.address}; Ctrl-C ends it")
            server.run()
        finally:
            desk.close()
    return 0


def detectors_of(options: Namespace) -> tuple[Callable[[], Detector | None], Callable[[], Detector]]:
    """What makes the detector of single pictures, if there is one, and that of videos."""
    if options.every > 1 and options.fps:
        raise InputError("--every and --fps choose the frames in different ways; give one of them")
    if options.detector.endswith(".txt"):
        raise InputError(f"{one_line(options.detector)}: boxes are those of one video; name a detector")
    make = partial(make_detector, options.detector or "motion")
    of_videos = partial(make, detection(options, min(CONTINUES, options.score)))
    of_videos()  # what is wrong with it is said before the page is shown
    if options.detector in ("", "motion"):  # in a single picture, nothing moves
        return lambda: None, of_videos
    return partial(make, detection(options, GLIMPSE)), of_videos


def grouping_of(options: Namespace) -> Grouping | None:
    """How to find out who is the same person; None: there is no calibration."""
    calibration = calibration_of(options)
    travel = read_travel(options.travel) if options.travel else {}
    return Grouping(calibration, options.quality, travel) if calibration else None


def password_of(source: str) -> str:
    """The password that ``--password`` names."""
    if source != ASKED:
        try:
            lines = Path(source).read_text(encoding="utf-8").splitlines()
        except OSError as error:
            raise InputError(f"cannot read --password {one_line(source)}: {os_reason(error)}") from None
        except ValueError:
            raise InputError(f"--password {one_line(source)} is no text in UTF-8") from None
        password, where = (lines[0].strip() if lines else ""), f"the first line of {one_line(source)}"
    elif os.environ.get(PASSWORD):
        password, where = os.environ[PASSWORD], f"${PASSWORD}"
    elif sys.stdin.isatty():
        password, where = getpass.getpass("Password of the page: "), "what was typed"
    else:
        raise InputError(f"--password: there is no terminal to type it; set ${PASSWORD}, or name a file")
    if len(password) < SHORTEST:
        raise InputError(f"--password: {where} has less than {SHORTEST} characters; choose a longer one")
    return password


def existing_folder(name: str) -> Path:
    """A folder that is there."""
    if not Path(name).is_dir():
        raise InputError(f"--videos {one_line(name)}: there is no such folder")
    return Path(name)
