"""The style of every picture that goes to a file. Nothing else here may import matplotlib.

A picture is drawn by a function under ``in_style``, which begins with ``new_figure`` and returns the figure;
``save_figure`` writes it.
"""

import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from functools import cache, wraps
from pathlib import Path

import numpy as np

from .files import atomic_write

# A notebook passes its matplotlib backend on to the commands that it starts. If their Python lacks it,
# matplotlib cannot be imported; here, no backend is needed.
_backend = None if "matplotlib" in sys.modules else os.environ.pop("MPLBACKEND", None)

import matplotlib  # noqa: E402
from matplotlib import colormaps, dates, font_manager  # noqa: E402
from matplotlib.axes import Axes  # noqa: E402
from matplotlib.axis import Axis  # noqa: E402
from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: E402
from matplotlib.figure import Figure  # noqa: E402
from matplotlib.ticker import (  # noqa: E402
    LogLocator,
    MaxNLocator,
    MultipleLocator,
    NullLocator,
    StrMethodFormatter,
)

if _backend is not None:
    os.environ["MPLBACKEND"] = _backend
    with suppress(ValueError):
        matplotlib.rcParams["backend"] = _backend  # this may be a notebook

DPI = 120
DARK, GREY, LIGHT = "#333333", "#767676", "#c8c8c8"
GREEN, RED, AMBER = "#1a8f4c", "#cf3a2b", "#b26a00"  # right or found, wrong, to look at
# Told apart by everyone, also in grey (Okabe and Ito, "Color Universal Design", 2008).
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00")
# Chinese, Japanese and Korean names need a font of the system; the first of these that is installed is taken.
CJK_FONTS = (
    *("Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "WenQuanYi Micro Hei", "WenQuanYi Zen Hei"),
    *("Microsoft YaHei", "SimHei", "PingFang SC", "Hiragino Sans GB", "Arial Unicode MS"),
)
# Seconds between two marks of a clock.
CLOCK_STEPS = (1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 21_600, 43_200, 86_400)
STYLE = {
    "font.size": 9.0,
    "text.color": DARK,
    "figure.titlesize": 12.0,
    "figure.titleweight": "bold",
    "axes.titlesize": 10.0,
    "axes.titlelocation": "left",
    "axes.labelcolor": DARK,
    "axes.edgecolor": GREY,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.prop_cycle": matplotlib.cycler(color=COLOURS),
    "grid.color": LIGHT,
    "grid.alpha": 0.5,
    "xtick.color": GREY,
    "ytick.color": GREY,
    "xtick.labelcolor": DARK,
    "ytick.labelcolor": DARK,
    "legend.frameon": False,
    "legend.fontsize": 8.0,
    "lines.linewidth": 1.6,
    "lines.markersize": 5.0,
    "svg.fonttype": "none",  # texts, not the shapes of their letters
    "savefig.dpi": DPI,
    "figure.dpi": DPI,
}


def in_style(draw):
    """Let a function draw in the style of the program; a program that calls it keeps its own."""

    @wraps(draw)
    def styled(*args, **kwargs):
        with _style():
            return draw(*args, **kwargs)

    return styled


def new_figure(width: float, height: float, title: str, layout: str = "constrained") -> Figure:
    """An empty figure with its title on the left.

    Args:
        width: [inches of DPI pixels].
        height: [inches of DPI pixels].
        title: of the whole picture.
        layout: 'constrained' finds room for what stands around the axes, 'none' leaves them where they are.
    """
    figure = Figure(figsize=(width, height), layout=layout)
    place = {"y": 1 - 0.1 / height} if layout == "none" else {}  # else the layout finds it
    figure.suptitle(plain(title), x=0.1 / width, ha="left", va="top", **place)
    return figure


def save_figure(figure: Figure, file: Path) -> None:
    """Write a figure as PNG; its folder is made.

    Raises:
        InputError: the file cannot be written.
    """
    with atomic_write(file, "wb") as stream, _style():
        figure.savefig(stream, format="png")


def figure_pixels(figure: Figure) -> np.ndarray:
    """(H, W, 3) uint8 RGB of a figure."""
    canvas = FigureCanvasAgg(figure)
    with _style():
        canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()


def whole_numbers(axis: Axis) -> None:
    """Ticks of an axis that counts: whole numbers, however few there are."""
    axis.set_major_locator(MaxNLocator(nbins=8, integer=True, min_n_ticks=1, steps=[1, 2, 5, 10]))
    axis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))


def count_axis(axis: Axis, largest: float, smallest: float = 1) -> None:
    """An axis of counts, from 0; of counts that differ a hundredfold, a logarithmic one.

    Args:
        axis: horizontal or vertical.
        largest: number shown.
        smallest: number shown, at least 1.
    """
    set_scale, set_limits = (
        (axis.axes.set_xscale, axis.axes.set_xlim)
        if axis is axis.axes.xaxis
        else (axis.axes.set_yscale, axis.axes.set_ylim)
    )
    if largest < 100 * smallest:
        whole_numbers(axis)
        set_limits(0, 1.08 * max(largest, 1))
        return
    set_scale("log")
    axis.set_major_locator(LogLocator(subs=(1, 2, 5), numticks=12))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))


def percent_axis(axis: Axis, lowest: float, highest: float) -> None:
    """A vertical axis of percentages: tens around the values, at least 20 apart."""
    top = min(100, max(20, 10 * -(-highest // 10)))
    bottom = max(0, min(10 * (lowest // 10), top - 20))
    axis.axes.set_ylim(bottom, top)
    whole_numbers(axis)


def rate_axis(axis: Axis, rates: Sequence[float]) -> None:
    """A vertical axis of rates; of those that differ twentyfold, a logarithmic one."""
    lowest, highest = min(rates, default=0), max(rates, default=0)
    if 0 < 20 * lowest < highest:
        axis.axes.set_yscale("log")
    else:
        axis.axes.set_ylim(0, 1.1 * highest or 1)
        axis.set_major_formatter(lambda rate, _: f"{rate:.3g}")


def epoch_axis(axes: Axes, last: float) -> None:
    """A horizontal axis of epochs, from 0 to the last one, marked at whole ones."""
    whole_numbers(axes.xaxis)
    axes.set_xlim(0, max(1, last))
    axes.set_xlabel("epoch")


def date_axis(axis: Axis) -> None:
    """An axis of dates and times, whose values are ``days``."""
    locator = dates.AutoDateLocator(minticks=4, maxticks=10)
    axis.set_major_locator(locator)
    axis.set_major_formatter(dates.ConciseDateFormatter(locator))


def colour_map(name: str, values: np.ndarray) -> np.ndarray:
    """Colours (..., 3) uint8 RGB of values 0..1, by matplotlib's map of this name, which ends there."""
    return colormaps[name](np.asarray(values, float), bytes=True)[..., :3]


def days(time: float) -> float:
    """A time [seconds since 1970] on an axis of dates, in the time zone of this machine."""
    return dates.date2num(datetime.fromtimestamp(time))


def clock_axis(axis: Axis, length: float, show: Callable[[float], str]) -> None:
    """An axis of seconds from 0, marked at round times.

    Args:
        axis: horizontal or vertical.
        length: that is shown [seconds].
        show: writes a time.
    """
    step = next((step for step in CLOCK_STEPS if length <= 10 * step), CLOCK_STEPS[-1])
    axis.set_major_locator(MultipleLocator(step))
    axis.set_major_formatter(lambda time, _: show(time) if time >= 0 else "")


def shortened(text: str, longest: int) -> str:
    """A text of at most so many characters: the middle of a longer one is left out."""
    if len(text) <= longest:
        return text
    head = (longest - 1) // 2
    return f"{text[:head]}…{text[len(text) - (longest - 1 - head) :]}"


def plain(text: str) -> str:
    """A text as it is: ``$`` begins no formula, and what no font can show is a question mark."""
    known = "".join(c if ord(c) in _characters() or c == "\n" else "?" for c in text)
    return known.replace("$", r"\$")


def can_show(text: str) -> bool:
    """Whether the fonts have all characters of a text."""
    return all(ord(character) in _characters() for character in text)


def _style():
    return matplotlib.rc_context(STYLE | {"font.family": list(_fonts())})


@cache
def _fonts() -> tuple[str, ...]:
    installed = set(font_manager.get_font_names())
    return ("DejaVu Sans", *[name for name in CJK_FONTS if name in installed][:1])


@cache
def _characters() -> frozenset[int]:
    fonts = (font_manager.get_font(font_manager.findfont(name)) for name in _fonts())
    return frozenset().union(*(font.get_charmap() for font in fonts))
