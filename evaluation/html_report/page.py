"""The page of one test, or of several side by side."""

import base64
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import cv2
import jinja2
import numpy as np

from utils.counting import counted
from utils.figures import COLOURS
from utils.files import atomic_write
from utils.svg import figure_svg

from . import charts
from .outcome import Outcome

FOLDER = Path(__file__).parent
QUALITY = 80  # of the thumbnails, as JPEG
REDDEST, LEAST_SPAN = 0.7, 0.2  # opacity of the worst camera pair, if it is so much worse than the best


class About(NamedTuple):
    """What is the same for all tests of a page."""

    dataset: str  # its name
    time: str  # when they were made
    command: str
    environment: dict[str, str]  # versions and the machine
    defaults: dict[str, object]  # of the settings, by their dotted names
    camera: Callable[[int], str]  # from a camera id to its name
    read: Callable[[str], np.ndarray | None]  # from a path to (H, W, 3) uint8 RGB; None: it cannot be read


class Setting(NamedTuple):
    """A row of the table of settings."""

    key: str
    default: object
    values: list[object]  # of each test


def write_page(file: Path, tests: Sequence[Outcome], about: About) -> None:
    """Write one HTML file that holds all it shows, and loads nothing.

    Args:
        file: to write.
        tests: of the same queries and gallery; the first is the one that the others are compared with.
        about: what is the same for all.

    Raises:
        InputError: it cannot be written.
    """
    with atomic_write(file) as stream:
        stream.write(render(tests, about))


def render(tests: Sequence[Outcome], about: About) -> str:
    """The page as text; see ``write_page``."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    names = short_names([test.weights for test in tests])
    pictures: dict[str, str] = {}  # of each path, once for all its places

    def picture(path: str) -> str:
        if path not in pictures:
            pictures[path] = _data_uri(about.read(path))
        return pictures[path]

    environment.filters |= {
        "percent": lambda value: f"{100 * value:.1f}",
        "error": _shade([test.pairs.mean_ap for test in tests]),
        "count": lambda value: f"{value:,}",
        "counted": counted,
        "file": lambda path: Path(path).name,
        "picture": picture,
        "camera": about.camera,
    }
    rows = _settings(tests, about.defaults)
    return environment.get_template("page.html").render(
        about=about,
        tests=list(zip(names, tests, strict=True)),
        style=(FOLDER / "style.css").read_text(encoding="utf-8"),
        colours=COLOURS,
        curves={
            "CMC": figure_svg(charts.draw_cmc(tests, names), "cmc"),
            "ROC": figure_svg(charts.draw_rocs(tests, names), "roc"),
            "Average precisions": figure_svg(charts.draw_precisions(tests, names), "precisions"),
        },
        similarities=[
            figure_svg(charts.draw_similarities(test), f"similarities-{number}")
            for number, test in enumerate(tests)
        ],
        changed=[row for row in rows if any(value != row.default for value in row.values)],
        unchanged=[row for row in rows if all(value == row.default for value in row.values)],
    )


def short_names(paths: Sequence[str]) -> list[str]:
    """The shortest ends of the paths that tell them apart: ``mAP75.1.pth``, or ``run/mAP75.1.pth``."""
    parts = [Path(path).parts for path in paths]
    for length in range(1, max(map(len, parts)) + 1):
        names = ["/".join(path[-length:]) for path in parts]
        if len({*names}) == len(names):
            return names
    return list(paths)


def _settings(tests: Sequence[Outcome], defaults: dict[str, object]) -> list[Setting]:
    return [
        Setting(key, default, [test.settings.get(key, default) for test in tests])
        for key, default in defaults.items()
    ]


def _shade(matrices: Sequence[np.ndarray]) -> Callable[[float], str]:
    """How red a cell of the matrices is, 0..1: the worst the most; small differences stay small."""
    values = np.concatenate([matrix[~np.isnan(matrix)] for matrix in matrices])
    best, worst = values.max(initial=0), values.min(initial=1)
    return lambda value: f"{REDDEST * (best - value) / max(best - worst, LEAST_SPAN):.2f}"


def _data_uri(pixels: np.ndarray | None) -> str:
    """An image as the address of itself; "" for none."""
    if pixels is None:
        return ""
    image = cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR)
    options = [cv2.IMWRITE_JPEG_QUALITY, QUALITY, cv2.IMWRITE_JPEG_OPTIMIZE, 1]
    data = cv2.imencode(".jpg", image, options)[1].tobytes()
    return f"data:image/jpeg;base64,{base64.b64encode(data).decode()}"
