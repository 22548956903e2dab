"""The person in a picture."""

import math
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from data.reading import decode_image, read_file
from utils.errors import InputError, one_line
from utils.files import atomic_write

from .detectors import Detector
from .video import Frame

if TYPE_CHECKING:
    import supervision as sv

Box = tuple[float, float, float, float]  # x, y, width, height [pixels]
TALL = 1.4  # height by width from which a picture may be cut out around one person
FILLS = 0.5  # of the area of such a picture; two people side by side have less each
GLIMPSE, SURE = 0.05, 0.3  # least score of what is worth a look in a picture, and of a person
MOST_BOXES = 8  # that are shown
COLOUR = (60, 60, 235)  # BGR
FONT = cv2.FONT_HERSHEY_SIMPLEX


def parse_box(text: str) -> Box | None:
    """``x,y,w,h`` in pixels; None if it is empty.

    Raises:
        InputError: it is something else.
    """
    if not text:
        return None
    try:
        box = tuple(map(float, text.split(",")))
    except ValueError:
        box = ()
    if len(box) != 4 or not all(map(math.isfinite, box)):
        raise InputError(f"--box {text}: write it as x,y,width,height in pixels")
    return box


class NotOnePersonError(InputError):
    """A picture shows nobody, or several people.

    Args:
        shown: name of the picture.
        image: (h, w, 3) uint8 BGR.
        people: of whom the picture may be, the likeliest first.
        sure: whether they are people.
    """

    def __init__(self, shown: str, image: np.ndarray, people: "sv.Detections", sure: bool):
        self.image = image
        self.boxes = [as_box(one) for one in people.xyxy[:MOST_BOXES]]
        if not self.boxes:
            text = (
                f"no person found in {shown}, and nothing that looks like one; say where the person is with "
                "--box x,y,w,h, or give a picture cut out around the person"
            )
        elif sure:
            text = f"{shown} shows {len(people)} people; choose one with {' or '.join(self.words())}"
        else:
            scores = people.confidence[:MOST_BOXES]
            seen = (f"{words} (score {score:.2f})" for words, score in zip(self.words(), scores, strict=True))
            text = (
                f"no person found in {shown}; what looks most like one: {', '.join(seen)}; choose one, give "
                "another --box x,y,w,h, or a picture cut out around the person"
            )
        super().__init__(text)

    def words(self) -> list[str]:
        """What to add to the command for each of ``boxes``."""
        return [f"--box {','.join(map(str, box))}" for box in self.boxes]


def find_person(file: str, detector: Detector | None, box: Box | None = None) -> np.ndarray:
    """The person in a picture, (h, w, 3) uint8 BGR.

    A picture that is cut out around one person, see ``is_cut_out``, is given as it is.

    Args:
        file: of the picture.
        detector: that finds people in a single picture, also such as have a score of GLIMPSE only, for the
            message if no other is there; None: there is none.
        box: where the person is.

    Raises:
        InputError: it is no picture, or the box is not in it.
        NotOnePersonError: it shows no person, or several.
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
        part = cut(image, box)
        if not part.size:
            given = ",".join(f"{value:g}" for value in box)
            raise InputError(f"--box {given} is not in {shown}, which is {width} x {height} pixels")
        return part
    if detector is None:
        if is_cut_out(image):
            return image
        raise InputError(
            f"{shown} is a whole picture ({width} x {height} pixels), in which a network must find the "
            "person: name one with --detector, or say where the person is with --box x,y,w,h"
        )
    people, sure = people_in(image, detector)
    if is_cut_out(image, people if sure else None):
        return image
    if not sure or len(people) != 1:
        raise NotOnePersonError(shown, image, people, sure)
    return cut(image, as_box(people.xyxy[0]))


def people_in(image: np.ndarray, detector: Detector) -> tuple["sv.Detections", bool]:
    """The people in a picture (h, w, 3) uint8 BGR, or what looks most like one; and whether they are sure."""
    seen = detector([Frame(image, 0.0, 0)])[0]
    people = seen[seen.confidence >= SURE]
    return (people, True) if len(people) else (seen, False)


def is_cut_out(image: np.ndarray, people: "sv.Detections | None" = None) -> bool:
    """Whether a picture is cut out around one person.

    So is one that is much taller than wide, unless people were found in it of whom none fills it: then it is
    a photo of a scene, as telephones take them. Where one does, the picture is better than the detector's
    box: in small pictures, it is often that of a part of the person, or there is a second one of a passer-by.

    Args:
        image: (h, w, 3) uint8 BGR.
        people: that were found in it; None: none were, or nobody has looked.
    """
    height, width = image.shape[:2]
    return height >= TALL * width and (people is None or people.box_area.max() > FILLS * height * width)


def write_scene(file: Path, error: NotOnePersonError) -> None:
    """Write the picture with its boxes, each with the words that choose it, as PNG.

    Raises:
        InputError: it cannot be written.
    """
    image = error.image.copy()
    scale = max(0.4, max(image.shape[:2]) / 1500)
    thick = max(1, round(2 * scale))
    for (x, y, width, height), words in zip(error.boxes, error.words(), strict=True):
        cv2.rectangle(image, (x, y), (x + width, y + height), COLOUR, thick, cv2.LINE_AA)
        (wide, high), below = cv2.getTextSize(words, FONT, scale, thick)
        left = max(0, min(x, image.shape[1] - wide - 4))
        top = max(0, min(y, image.shape[0] - high - below - 4))
        cv2.rectangle(image, (left, top), (left + wide + 4, top + high + below + 2), COLOUR, -1)
        place = (left + 2, top + high + 2)
        cv2.putText(image, words, place, FONT, scale, (255, 255, 255), thick, cv2.LINE_AA)
    with atomic_write(file, "wb") as stream:
        stream.write(cv2.imencode(".png", image)[1])


def as_box(corners: np.ndarray) -> Box:
    """A detector's box (4,) ``x1, y1, x2, y2`` as what --box takes, in whole pixels."""
    left, top, right, bottom = np.round(corners).astype(int).tolist()
    return left, top, max(1, right - left), max(1, bottom - top)


def cut(image: np.ndarray, box: Box) -> np.ndarray:
    """The part of an image in a box; maybe empty."""
    x, y, width, height = (round(value) for value in box)
    return image[max(0, y) : max(0, y + height), max(0, x) : max(0, x + width)].copy()
