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

COLUMNS = 7  # one of the query's pictures, the others of answers
PICTURES = 4  # of the query that are shown at most
IMAGE = (1.15, 2.3)  # width and height of an image [inches]
GAP = 0.2  # between images [inches]


def write_sheet(
    file: Path, query: Sequence[np.ndarray], found: Sequence[Answer], threshold: float = -1.0
) -> None:
    """Write a contact sheet as PNG: the query's pictures in a column, beside them the answers in their order.

    Args:
        file: to write.
        query: (h, w, 3) uint8 BGR.
        found: answers.
        threshold: similarity below which an answer is grey.

    Raises:
        InputError: it cannot be written.
    """
    save_figure(draw_sheet(query, found, threshold), file)


@in_style
def draw_sheet(query: Sequence[np.ndarray], found: Sequence[Answer], threshold: float = -1.0) -> Figure:
    """Draw what ``write_sheet`` writes."""
    query = query[:PICTURES]
    rows = max(len(query), -(-len(found) // (COLUMNS - 1)))
    step = (IMAGE[0] + GAP, IMAGE[1] + 4 * LINE + GAP)
    title = "Where was this person?"
    sheet = ImageSheet.titled(2 * GAP + COLUMNS * step[0], HEAD + rows * step[1], title)
    cells = [((row, 0), picture, "query", DARK) for row, picture in enumerate(query)]
    for place, answer in enumerate(found):
        row, column = divmod(place, COLUMNS - 1)
        colour = COLOURS[0] if answer.score >= threshold else GREY
        cells.append(((row, column + 1), _decode(answer.thumbnail), caption(answer), colour))
    for (row, column), picture, text, colour in cells:
        left = GAP + column * step[0] + (GAP if column else 0)
        top = HEAD + 3 * LINE + row * step[1]
        sheet.image(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), left, top, IMAGE, text, colour)
    if not found:
        text = "nobody in the gallery is similar enough"
        sheet.text(2 * GAP + step[0], HEAD + step[1] / 2, text, GREY)
    return sheet.figure


def caption(answer: Answer) -> str:
    """Camera, date if it is known, time and score, each on a line."""
    date, _, start = show_time(answer.start).rpartition(" ")
    end = show_time(answer.end).split(" ")[-1]
    lines = (shortened(one_line(answer.camera), 18), date, f"{start} – {end}", f"{answer.score:.2f}")
    return "\n".join(filter(None, lines))


def _decode(thumbnail: bytes) -> np.ndarray:
    return cv2.imdecode(np.frombuffer(thumbnail, np.uint8), cv2.IMREAD_COLOR)
