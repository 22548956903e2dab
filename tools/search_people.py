"""The sub-commands of tools/search.py people."""

from argparse import Namespace
from collections.abc import Callable
from pathlib import Path

from loguru import logger

from search.gallery import EVERYTHING, Gallery, WeightsFingerprint, open_gallery
from search.people import (
    Grouping,
    Outcome,
    find_number,
    group_people,
    list_people,
    merge_people,
    name_person,
    portraits,
    read_travel,
    split_person,
)
from search.people.report import FORMATS
from search.people.timeline import write_timeline
from tools.search_options import calibration_of, deliver, gallery_of, selection, weights_of
from utils.counting import counted
from utils.errors import InputError, one_line


def people(options: Namespace) -> int:
    """Find out who is who, and show who was where, and when."""
    how = None if options.show else grouping_of(options)
    # A threshold is that of its network: another's would compare these vectors as well, but wrongly.
    weights = None if options.show or options.threshold else WeightsFingerprint.of(weights_of(options))
    with open_gallery(options.gallery, weights, create=False) as gallery:
        where = selection(options, gallery)
        if how:
            warn_of_cameras(gallery, how)
            tell(group_people(gallery, how), how)
        found = list_people(gallery, where)
        pictures = portraits(gallery, found) if options.timeline else {}
    deliver(FORMATS[options.format](found), options.out)
    if options.timeline:
        files = write_timeline(Path(options.timeline), found, pictures)
        logger.info(f"Saved {', '.join(map(str, files))}")
    return 0


def grouping_of(options: Namespace) -> Grouping:
    """How the options say to group."""
    calibration = calibration_of(options)
    if calibration is None:
        raise InputError(
            "who is the same person takes a threshold: make a calibration beside the weights with "
            "tools/test.py --calibrate, or give a --threshold"
        )
    travel = read_travel(options.travel) if options.travel else {}
    return Grouping(calibration, options.quality, travel, options.anew)


def warn_of_cameras(gallery: Gallery, how: Grouping) -> None:
    """Say which cameras of the file of ways are not in the gallery: their names may be misspelt."""
    cameras = {video.camera for video in gallery.videos()}
    for camera in sorted({camera for way in how.travel for camera in way} - cameras):
        logger.warning(f"--travel names {one_line(camera)}, but the gallery has no such camera")


def tell(outcome: Outcome, how: Grouping) -> None:
    """Log what a grouping did."""
    logger.info(
        f"{counted(outcome.people, 'person', 'people')}, {outcome.new} of them new, in "
        f"{counted(outcome.walks, 'walk')}, {outcome.added} of them new, joined from a similarity of "
        f"{outcome.threshold:.2f} on; left out as too poor (below --quality {how.quality:g}): "
        f"{counted(outcome.poor, 'walk')}"
    )


def name(options: Namespace) -> int:
    """Give a person a name."""
    with gallery_of(options) as gallery:
        number = find_number(gallery, options.person)
        name_person(gallery, number, options.name)
    logger.info(
        f"Person {number} is called {options.name}" if options.name else f"Person {number} has no name"
    )
    return 0


def merge(options: Namespace) -> int:
    """Say that people are one."""
    if len(options.people) < 2:
        raise InputError("name two people or more to merge")
    with gallery_of(options) as gallery:
        numbers = [find_number(gallery, text) for text in options.people]
        one = merge_people(gallery, numbers)
    logger.info(f"{', '.join(str(number) for number in numbers if number != one)} joined person {one}")
    return 0


def split(options: Namespace) -> int:
    """Say that a part of a person is somebody else."""
    with gallery_of(options) as gallery:
        where = selection(options, gallery)
        if where == EVERYTHING and not options.tracklet:
            raise InputError("say what to split off with --tracklet, --video, --camera, --from or --to")
        number = find_number(gallery, options.person)
        other = split_person(gallery, number, options.tracklet, where)
    logger.info(f"That is person {other} now, no longer {number}")
    return 0


PEOPLE: dict[str, Callable[[Namespace], int]] = {
    "search people": people,
    "search people name": name,
    "search people merge": merge,
    "search people split": split,
}
