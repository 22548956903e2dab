"""From pictures of a person to where the person was."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import yaml

from data.reading import decode_image, read_file
from utils.errors import InputError, one_line

from .detectors import Detector
from .embedder import Embedder, pooled
from .gallery import EVERYTHING, Gallery, Hit, Selection, TrackletRow
from .spans import unbroken
from .video import Frame

Box = tuple[float, float, float, float]  # x, y, width, height [pixels]
TALL = 1.4  # height by width from which a picture is one person's crop
MORE = 4  # tracklets that are asked for, for each answer: a walk may have several


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
    names = {video.video: video.name for video in gallery.videos()}
    walks: dict[str, list[Hit]] = defaultdict(list)
    for hit in gallery.search(vector[None], top * MORE, where, threshold)[0]:
        walks[hit.row.track].append(hit)
    found = [
        Answer(
            max(hit.score for hit in hits),
            hits[0].row.video,
            names.get(hits[0].row.video, hits[0].row.video),
            hits[0].row.camera,
            hits[0].row.start,
            max(hit.row.end for hit in hits),
            hits,
        )
        for walk in walks.values()
        # Apart where a tracklet between them was not similar enough.
        for hits in unbroken(walk, lambda hit: hit.row)
    ]
    return _with_people(gallery, sorted(found, key=lambda answer: (-answer.score, answer.start))[:top])


def _with_people(gallery: Gallery, found: Sequence[Answer]) -> list[Answer]:
    """Answers that say whom they show, as far as the gallery's people are known."""
    members = gallery.people.find(answer.best.tracklet for answer in found)
    names = gallery.people.names() if members else {}
    numbers = (
        members[answer.best.tracklet].person if answer.best.tracklet in members else None for answer in found
    )
    return [
        replace(answer, person=number, person_name=names.get(number, ""))
        for answer, number in zip(found, numbers, strict=True)
    ]


def person_vector(pictures: Sequence[np.ndarray], embedder: Embedder) -> np.ndarray:
    """The vector of one person, from one or several (h, w, 3) uint8 BGR pictures; (D,)."""
    return pooled(embedder(pictures))


def parse_box(text: str) -> Box | None:
    """``x,y,w,h`` in pixels; None if it is empty.

    Raises:
        InputError: it is something else.
    """
    if not text:
        return None
    try:
        x, y, width, height = (float(part) for part in text.split(","))
    except ValueError:
        raise InputError(f"--box {text}: write it as x,y,width,height in pixels") from None
    return x, y, width, height


def find_person(file: str, detector: Detector | None, box: Box | None = None) -> np.ndarray:
    """The person in a picture, (h, w, 3) uint8 BGR.

    A picture that is much taller than wide is taken to be of one person alone.

    Args:
        file: of the picture.
        detector: that finds people in a single picture; None: there is none.
        box: where the person is.

    Raises:
        InputError: it is no picture, shows no person or several, or the box is not in it.
    """
    shown = one_line(file)
    content = read_file(file)
    if content is None:
        raise InputError(f"{shown}: no such file, or it cannot be read")
    image = decode_image(content)
    if image is None:
        raise InputError(f"{shown} is not a picture that can be read")
    height, width = image.shape[:2]
    if box is not None:
        x, y, w, h = (round(value) for value in box)
        left, top, right, bottom = max(0, x), max(0, y), min(width, x + w), min(height, y + h)
        if right - left < 2 or bottom - top < 2:
            raise InputError(f"--box {x},{y},{w},{h} is not in {shown}, which is {width} x {height} pixels")
        return image[top:bottom, left:right].copy()
    if height >= TALL * width:
        return image
    if detector is None:
        raise InputError(
            f"{shown} is a whole picture ({width} x {height} pixels), in which a network must find the "
            "person: name one with --detector, or say where the person is with --box x,y,w,h"
        )
    people = detector([Frame(image, 0.0, 0)])[0]
    if len(people) != 1:
        raise InputError(f"{shown} {_who(people.xyxy)}")
    left, top, right, bottom = people.xyxy[0].round().astype(int)
    return image[max(0, top) : bottom, max(0, left) : right].copy()


def _who(boxes: np.ndarray) -> str:
    if not len(boxes):
        return (
            "shows no person that the detector finds; say where the person is with --box x,y,w,h, or give "
            "a picture cut out around the person"
        )
    listed = "; ".join(
        ",".join(str(round(v)) for v in (b[0], b[1], b[2] - b[0], b[3] - b[1])) for b in boxes[:8]
    )
    return f"shows {len(boxes)} people; choose one with --box x,y,w,h, such as {listed}"


def calibrated_threshold(weights: Path, rate: str = "fpr_1e-3") -> float | None:
    """The similarity above which two pictures show the same person, from the calibration beside weights.

    Args:
        weights: file.
        rate: of false positives, as a key of the calibration.

    Returns:
        A cosine; None where there is no calibration.

    Raises:
        InputError: the calibration is damaged.
    """
    file = weights.with_suffix(".calibration.yml")
    if not file.is_file():
        return None
    try:
        return float(yaml.safe_load(file.read_text(encoding="utf-8"))[rate]["threshold"])
    except (OSError, ValueError, KeyError, TypeError, yaml.YAMLError) as error:
        raise InputError(
            f"{file} is damaged ({error}); make it again with tools/test.py --model_path {weights} "
            "--calibrate"
        ) from None
