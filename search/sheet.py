"""Contact sheets: a person and where the person was found, as one picture."""

import math
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from utils.figures import Figure
from utils.files import atomic_write

from .clock import show_time
from .query import Answer

COLUMNS = 6
CELL = (1.35, 2.75)  # inches


def write_sheet(file: Path, query: Sequence[np.ndarray], found: Sequence[Answer]) -> None:
    """Write a contact sheet as PNG: the query's pictures, then the answers in their order.

    Args:
        file: to write.
        query: (h, w, 3) uint8 BGR.
        found: answers.

    Raises:
        InputError: it cannot be written.
    """
    cells = [(picture, "query", "black") for picture in query[:COLUMNS]]
    empty = -len(cells) % COLUMNS  # the answers begin a row of their own
    cells += [(None, "", "")] * empty
    cells += [(_decode(answer.thumbnail), caption(answer), "tab:blue") for answer in found]
    rows = math.ceil(len(cells) / COLUMNS)
    figure = Figure(figsize=(CELL[0] * COLUMNS, CELL[1] * rows), layout="constrained")
    for place, (picture, text, colour) in enumerate(cells):
        if picture is None:
            continue
        axes = figure.add_subplot(rows, COLUMNS, place + 1)
        axes.imshow(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB))
        axes.set(xticks=[], yticks=[])
        axes.set_title(text, fontsize=7, loc="left")
        for side in axes.spines.values():
            side.set(color=colour, linewidth=1.5)
    if not found:
        figure.suptitle("nobody in the gallery is similar enough", fontsize=9)
    with atomic_write(file, "wb") as stream:
        figure.savefig(stream, format="png", dpi=130)


def caption(answer: Answer) -> str:
    """Camera, time and score, on three lines."""
    camera = answer.camera if len(answer.camera) <= 18 else f"{answer.camera[:17]}…"
    end = show_time(answer.end).split(" ")[-1]  # a date once is enough
    return f"{camera}\n{show_time(answer.start)} – {end}\n{answer.score:.2f}".replace("$", r"\$")


def _decode(thumbnail: bytes) -> np.ndarray:
    return cv2.imdecode(np.frombuffer(thumbnail, np.uint8), cv2.IMREAD_COLOR)
