"""Contact sheets: a person and where the person was found, as one picture."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from utils.errors import one_line
from utils.figures import COLOURS, DARK, GREY, Figure, in_style, save_figure, shortened
from utils.image_sheet import HEAD, LINE, ImageSheet

from .clock import show_time
from .query import Answer

COLUMNS = 6
IMAGE = (1.15, 2.3)  # width and height of an image [inches]
GAP = 0.2  # between images [inches]


def write_sheet(file: Path, query: Sequence[np.ndarray], found: Sequence[Answer]) -> None:
    """Write a contact sheet as PNG: the query's pictures, then the answers in their order.

    Args:
        file: to write.
        query: (h, w, 3) uint8 BGR.
        found: answers.

    Raises:
        InputError: it cannot be written.
    """
    save_figure(draw_sheet(query, found), file)


@in_style
def draw_sheet(query: Sequence[np.ndarray], found: Sequence[Answer]) -> Figure:
    """Draw the query's pictures in a row, and below it the answers."""
    rows = 1 + -(-max(1, len(found)) // COLUMNS)
    step = (IMAGE[0] + GAP, IMAGE[1] + 3 * LINE + GAP)
    title = "Where was this person?"
    sheet = ImageSheet.titled(GAP + COLUMNS * step[0], HEAD + rows * step[1], title)
    cells = [(place, picture, "query", DARK) for place, picture in enumerate(query[:COLUMNS])]
    cells += [
        (COLUMNS + place, _decode(answer.thumbnail), caption(answer), COLOURS[0])
        for place, answer in enumerate(found)
    ]
    for place, picture, text, colour in cells:
        row, column = divmod(place, COLUMNS)
        left, top = GAP + column * step[0], HEAD + LINE + row * step[1]
        sheet.image(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), left, top, IMAGE, text, colour)
    if not found:
        sheet.text(GAP, HEAD + step[1], "nobody in the gallery is similar enough", GREY)
    return sheet.figure


def caption(answer: Answer) -> str:
    """Camera, time and score, on three lines."""
    end = show_time(answer.end).split(" ")[-1]  # a date once is enough
    camera = shortened(one_line(answer.camera), 18)
    return f"{camera}\n{show_time(answer.start)} – {end}\n{answer.score:.2f}"


def _decode(thumbnail: bytes) -> np.ndarray:
    return cv2.imdecode(np.frombuffer(thumbnail, np.uint8), cv2.IMREAD_COLOR)
