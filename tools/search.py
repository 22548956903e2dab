"""Find a person in videos: python tools/search.py --help."""

import os
import shutil
import sys
from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

# The program's folders, from wherever it is called.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from loguru import logger
from tqdm import tqdm

from config import find_subcommand
from search.annotate import Marks, write_marked
from search.calibration import ANSWERS, read_calibration
from search.clock import parse_start
from search.demo import VideoSpec, draw_videos
from search.demo.run import index_drawn, outcome_lines, score_drawn, widest_query
from search.detectors import Detector, make_detector
from search.embedder import Embedder
from search.fingerprint import fingerprint
from search.footage import Footage
from search.gallery import EVERYTHING, Gallery, Selection, open_gallery
from search.indexing import Indexer
from search.people import list_people, portraits
from search.people.timeline import write_timeline
from search.query import answers, person_vector, walk_scores
from search.report import FORMATS, VIDEO_FORMATS
from search.scene import find_person
from search.segment import SECONDS
from search.sheet import write_sheet
from search.sources import check_stored
from search.tracker import CONTINUES, Tracker
from search.video import open_video
from tools.search_live import live, watch
from tools.search_options import (
    deliver,
    detection,
    embedder_of,
    for_programs,
    gallery_of,
    pictures_of,
    selection,
    threshold_of,
    weights_of,
)
from tools.search_page import serve
from tools.search_people import PEOPLE
from tools.start import read_options
from utils.command import run_command
from utils.counting import counted
from utils.errors import InputError, one_line
from utils.logger import setup_logger
from utils.streams import print_utf8


def main(argv: list[str] | None = None) -> int:
    """Run the sub-command."""
    command, words = find_subcommand(argv, "search")
    options = read_options(command, words)
    setup_logger(to_stderr=for_programs(options))
    if for_programs(options):
        print_utf8()
    return COMMANDS[command](options)


def index(options: Namespace) -> int:
    """Find the people in videos and add them to the gallery."""
    start = parse_start(options.start) if options.start else None
    if options.start and len(options.videos) > 1:
        raise InputError("--start is when one video begins; index them one by one")
    videos = [Footage(one, options.camera, start, options.every, options.fps) for one in options.videos]
    for footage in videos[1:]:  # what cannot be read is said before the first is indexed
        footage.open().close()
    detector = make_detector(options.detector, detection(options, min(CONTINUES, options.score)))
    embedder = embedder_of(options)
    with gallery_of(options, embedder, create=True) as gallery:
        try:
            for footage in videos:
                index_one(gallery, detector, embedder, footage, options)
        except KeyboardInterrupt:
            raise KeyboardInterrupt("run the same command again: it resumes") from None
    return 0


def index_one(
    gallery: Gallery,
    detector: Detector,
    embedder: Embedder,
    footage: Footage,
    options: Namespace,
) -> None:
    """Index one video, with a bar."""
    facts = footage.facts()
    done, name = gallery.video(facts.video), one_line(facts.name)
    if done and done.segments and not done.complete:
        logger.info(f"{name}: resumed at {done.segments * SECONDS:.0f} s")
    trackers = partial(Tracker, options.tracker, score=options.score)
    with progress(facts.name, facts.left(done, detector)) as bar:

        def shown(frame) -> None:
            bar.update()

        indexer = Indexer(gallery, detector, trackers, embedder, shown)
        after = indexer.index(footage.open, facts.row(done), facts.rate)
    what = "is in the gallery already" if done and done.complete else "indexed"
    logger.info(f"{name} ({one_line(after.camera)}): {what}, {counted(after.tracklets, 'tracklet')}")


def query(options: Namespace) -> int:
    """Where a person was."""
    pictures = pictures_of(options, options.images, options.sheet)
    embedder, threshold = embedder_of(options), threshold_of(options)
    with gallery_of(options, embedder) as gallery:
        where = selection(options, gallery)
        vector = person_vector(pictures, embedder)
        found = answers(gallery, vector, options.top, where, threshold)
    deliver(FORMATS[options.format](found), options.out)
    if options.sheet:
        write_sheet(Path(options.sheet), pictures, found)
        logger.info(f"Saved {one_line(options.sheet)}")
    if not found:
        logger.info(f"--threshold: {threshold:.2f}; a lower one also shows who is less similar")
    return 0


def annotate(options: Namespace) -> int:
    """Write a video with its people marked."""
    check_stored(options.video)
    embedder = embedder_of(options) if options.image else None
    with gallery_of(options, embedder) as gallery:
        source = options.video
        row = gallery.video(fingerprint(source))
        if row is None:
            raise InputError(f"{one_line(source)} is not in the gallery; index it first")
        out = Path(options.out or f"{Path(row.name).stem}-people.mp4")
        if os.path.exists(out) and os.path.samefile(out, source):
            raise InputError(f"{one_line(str(out))} is the video itself; name another file with --out")
        where = Selection(video=row.video)
        scores = None
        if embedder:
            vector = person_vector(pictures_of(options, options.image), embedder)
            found = answers(gallery, vector, max(1, row.tracklets), where, threshold_of(options))
            scores = walk_scores(found)
        rows = [rows[0] for rows in gallery.tracklets(where, ["path"])]
        marks = Marks(rows, scores, labels(gallery, where))
    with (
        open_video(source, fps=row.fps) as video,
        progress(video.name, video.frames_at(video.frame_rate)) as bar,
    ):
        write_marked(video, out, marks, row.start or 0.0, bar.update)
    logger.info(f"Saved {one_line(str(out))}")
    return 0


def show(options: Namespace) -> int:
    """List the videos of the gallery."""
    with gallery_of(options) as gallery:
        deliver(VIDEO_FORMATS[options.format](gallery.videos()), options.out)
    return 0


def remove(options: Namespace) -> int:
    """Remove videos, or a time, from the gallery for good."""
    with gallery_of(options) as gallery:
        where = selection(options, gallery)
        if where == EVERYTHING:
            raise InputError("say what to remove with --video, --camera, --from or --to")
        count = gallery.remove(where)
    logger.info(f"Removed {counted(count, 'tracklet')}")
    return 0


def demo(options: Namespace) -> int:
    """Draw videos, index them, ask for everyone, and compare with the truth."""
    folder, embedder = Path(options.folder), embedder_of(options)
    shared = options.people * 2 // 3
    draw_videos(folder, VideoSpec(options.seconds, people=options.people, shared=shared, seed=options.seed))
    detector = make_detector(options.detector, detection(options, CONTINUES))
    shutil.rmtree(folder / "gallery.db", ignore_errors=True)
    with open_gallery(str(folder / "gallery.db"), embedder.weights, embedder.dim) as gallery:
        index_drawn(folder, Indexer(gallery, detector, partial(Tracker, options.tracker), embedder))
        calibration = read_calibration(Path(weights_of(options)))
        for line in outcome_lines(score_drawn(folder, gallery, embedder, calibration)):
            logger.info(line)
        people = list_people(gallery)
        write_timeline(folder / "people.png", people, portraits(gallery, people))
        who = labels(gallery)
        picture = find_person(str(widest_query(folder)), None)
        found = answers(gallery, person_vector([picture], embedder), 12)
        rows = [rows[0] for rows in gallery.tracklets(fields=["path"]) if rows[0].camera == found[0].camera]
    write_sheet(
        folder / "found.png", [picture], found, calibration.threshold(ANSWERS) if calibration else -1.0
    )
    with open_video(folder / f"{found[0].camera}.mp4") as video:
        write_marked(video, folder / "seen.mp4", Marks(rows, people=who), 0.0)
    logger.info(f"Saved {', '.join(str(folder / name) for name in ('found.png', 'people.png', 'seen.mp4'))}")
    return 0


def labels(gallery: Gallery, where: Selection = EVERYTHING) -> dict[str, str]:
    """Whose each tracklet is, as OpenCV can write it."""
    return {
        tracklet: person.label if person.label.isascii() else str(person.number)
        for person in list_people(gallery, where)
        for visit in person.visits
        for tracklet in visit.tracklets
    }


@contextmanager
def progress(name: str, frames: int | None) -> Iterator[tqdm]:
    """A bar with frames per second and the time left, on a terminal."""
    with tqdm(desc=one_line(name), total=frames, unit=" frames", disable=None) as bar:
        yield bar


COMMANDS: dict[str, Callable[[Namespace], int]] = {
    "search index": index,
    "search live": live,
    "search watch": watch,
    "search query": query,
    "search annotate": annotate,
    "search list": show,
    "search remove": remove,
    "search serve": serve,
    "search demo": demo,
    **PEOPLE,
}

if __name__ == "__main__":
    run_command(main)
