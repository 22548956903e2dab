"""Videos that are added: uploads, and files of the folders."""

import hashlib
import os
from pathlib import Path

from search.clock import parse_start
from search.footage import Footage
from search.indexing import Indexer
from utils.errors import os_reason

from .desk import Desk
from .jobs import Job
from .library import Library
from .said import Said
from .texts import Refusal

MOST_FILES = 2000  # that are listed


def files(desk: Desk, said: Said) -> dict:
    """The files of the folders that are not in the gallery, and videos of it that are not complete."""
    rows = {video.video: video for video in desk.videos(anew=True)}
    listed = []
    for path in desk.library.files():
        row = rows.get(desk.library.video(path)) if desk.library.is_read(path) else None
        if row is None or not row.complete:
            shown = {"file": _name_of(path), "name": path.name, "folder": path.parent.name}
            listed.append({**shown, "begun": row is not None, "camera": row.camera if row else path.stem})
    return {"files": listed[:MOST_FILES], "more": max(0, len(listed) - MOST_FILES)}


def jobs(desk: Desk, said: Said) -> dict:
    """What is being done."""
    return {"jobs": [job.plain() for job in desk.jobs.all()]}


def stop(desk: Desk, said: Said) -> dict:
    """End a job; an indexing can be resumed."""
    desk.jobs.stop(int(said.number("number")))
    return jobs(desk, said)


def add(desk: Desk, said: Said) -> dict:
    """Have a file indexed."""
    path = _file(desk.library, said.text("file"))
    camera = " ".join(said.text("camera", "").split())
    start = parse_start(said.text("start")) if "start" in said else None
    row = desk.video(desk.library.video(path) or "")
    if row is not None and row.complete:
        raise Refusal("error.there", 409, name=row.name, camera=row.camera)
    if row is not None:  # it is resumed as it was begun
        camera, start = row.camera, row.start
    adding = desk.adding
    footage = Footage(str(path), camera, start, adding.every, adding.fps)
    facts = footage.facts()

    def work(job: Job) -> tuple[str, dict]:
        return _index(desk, job, footage)

    job = desk.jobs.add(f"{facts.name} ({facts.row(row).camera})", work)
    job.total = facts.frames
    return {"job": job.number}


def uploaded(desk: Desk, part: Path, place: Path) -> dict:
    """Take in a file that a browser has sent.

    Args:
        desk: what all requests share.
        part: the file.
        place: where it is to be.

    Raises:
        InputError: it is no video.
        Refusal: the gallery has it, and its file is there.
    """
    with Footage(str(part)).open():
        pass
    video = desk.library.video(part)
    row = desk.video(video or "")
    there = row and desk.library.find(row.video, row.name)
    if there and there != part:
        raise Refusal("error.there", 409, name=row.name, camera=row.camera)
    try:
        os.replace(part, place)
    except OSError as error:
        raise Refusal("error.write", 507, reason=os_reason(error)) from None
    desk.library.video(place)
    known = {"complete": row.complete, "camera": row.camera} if row else {"complete": False, "camera": ""}
    return {"file": _name_of(place), "name": place.name, **known}


def _index(desk: Desk, job: Job, footage: Footage) -> tuple[str, dict]:
    facts, detector = footage.facts(), desk.adding.make_detector()
    with desk.writing() as gallery:
        job.total = facts.left(gallery.video(facts.video), detector)
        indexer = Indexer(gallery, detector, desk.adding.make_tracker, Shared(desk), job.step)
        row = indexer.index(footage.open, facts.row(), facts.rate)
    desk.videos(anew=True)
    return "job.indexed", {"tracklets": row.tracklets}


class Shared:
    """The network that indexing and questions share, as an ``Embedder``."""

    def __init__(self, desk: Desk):
        self.dim, self.weights = desk.embedder.dim, desk.embedder.weights
        self._embed = desk.embed

    def __call__(self, pictures):
        """As ``Embedder``."""
        return self._embed(pictures)


def _name_of(path: Path) -> str:
    """By which browsers name a file; only what is listed has a name."""
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:24]


def _file(library: Library, name: str) -> Path:
    for path in library.files():
        if _name_of(path) == name:
            return path
    raise Refusal("error.file_gone", 404)
