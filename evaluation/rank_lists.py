"""The picture of what queries found: a row per query, with the gallery's nearest images."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from utils.figures import AMBER, DARK, GREEN, GREY, RED, Figure, in_style, shortened
from utils.image_sheet import HEAD, LINE, ImageSheet

IMAGE = (0.64, 1.28)  # width and height of an image [inches]
GAP = 0.1  # between images [inches]
LABEL = 2.2  # width of what stands beside a row [inches]


def number(camid: int) -> str:
    """The name of a camera that has none of its own; file names count cameras from 1."""
    return str(camid + 1)


@in_style
def draw_rank_lists(
    results: Sequence[dict],
    read: Callable[[str], np.ndarray | None],
    title: str,
    columns: int = 10,
    camera: Callable[[int], str] = number,
) -> Figure:
    """Draw a row for each result: the query, the nearest gallery images, and the first right one.

    Right ones have a green frame and a tick, wrong ones a red frame and a cross. The first right image is
    shown at the end, with its rank, where it is not among the nearest.

    Args:
        results: of ``per_query.query_results``, in the order of the rows.
        read: from a path to (H, W, 3) uint8 RGB; None: it cannot be read any more.
        title: of the picture.
        columns: nearest images shown, at most as many as the results list.
        camera: from a camera id to its name.
    """
    columns = min(columns, max((len(result["top"]) for result in results), default=1))
    step, row_height = IMAGE[0] + GAP, IMAGE[1] + 2 * LINE + 2 * GAP
    width = LABEL + step * (columns + 2) + 3 * GAP
    sheet = ImageSheet.titled(width, HEAD + row_height * max(1, len(results)), title)
    for row, result in enumerate(results):
        top = HEAD + 2 * LINE + row * row_height
        _label(sheet, top + IMAGE[1] / 2, result)
        cells = [(0, result["query"], "query", result["camid"], DARK)]
        for rank, found in enumerate(result["top"][:columns], 1):
            mark, colour = ("✓", GREEN) if found["match"] else ("✗", RED)
            words = f"{rank} {mark} {found['score']:.2f}"
            cells.append((rank * step + GAP, found["path"], words, found["camid"], colour))
        first = result["first_match"]
        if first and first > columns:
            place, camid = (columns + 1) * step + 2 * GAP, result["first_match_camid"]
            cells.append((place, result["first_match_path"], f"{first:,} ✓", camid, GREEN))
        for place, path, words, camid, colour in cells:
            caption = f"{words}\ncam. {shortened(camera(camid), 7)}"
            sheet.image(read(path), LABEL + place, top, IMAGE, caption, colour)
    if not results:
        sheet.text(GAP, HEAD, "no queries", GREY)
    return sheet.figure


def _label(sheet: ImageSheet, middle: float, result: dict) -> None:
    """What is known about a query, beside its row."""
    first, precision = result["first_match"], result["average_precision"]
    sheet.text(GAP, middle - 0.2, shortened(Path(result["query"]).name, 30))
    if not first:
        sheet.text(GAP, middle, "no match in the gallery", GREY)
        return
    sheet.text(GAP, middle, f"average precision {precision:.1%}")
    sheet.text(GAP, middle + 0.2, f"first match at rank {first:,}", AMBER if first > 1 else DARK)
