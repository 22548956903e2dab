"""The time line: a picture with a row for each person and a colour for each camera."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from search.clock import show_time
from utils.figures import (
    COLOURS,
    Figure,
    clock_axis,
    date_axis,
    days,
    in_style,
    new_figure,
    plain,
    save_figure,
    shortened,
)

from .people import Person, Visit

ROWS = 40  # people on a page
WIDTH, ROW, REST = (
    12.0,
    0.42,
    1.6,
)  # inches: of a page, of a row's height, of what is above and below the rows
PICTURE = 0.5  # width of a picture by its height
SHORTEST = 0.003  # of the axis: a visit's bar is at least as long
HATCHES = ("", "////", "....", "xxxx")  # of the cameras after all colours were used
LONGEST = 18  # characters of a name
DAY = 86_400.0  # seconds


def write_timeline(file: Path, people: Sequence[Person], pictures: Mapping[int, bytes]) -> list[Path]:
    """Write the time line as PNG, as many pages as it takes.

    Visits with a date and those by their videos' own clocks are on pages of their own.

    Args:
        file: to write; further pages are beside it, ``line.png``, ``line-2.png`` and so on.
        people: each a row, in their order.
        pictures: of people, as JPEG files, by number.

    Returns:
        The files.

    Raises:
        InputError: they cannot be written.
    """
    looks = _looks(sorted({visit.camera for person in people for visit in person.visits}))
    pages, files = _pages(people) or [[]], []
    for number, rows in enumerate(pages, 1):
        title = "Who was where, and when" + (f" ({number} of {len(pages)})" if len(pages) > 1 else "")
        files.append(file.with_name(f"{file.stem}-{number}{file.suffix}") if number > 1 else file)
        save_figure(draw_timeline(rows, pictures, looks, title), files[-1])
    return files


def _looks(cameras: Sequence[str]) -> dict[str, dict]:
    """Colour and hatch of each camera's bars."""
    return {
        camera: {
            "facecolor": COLOURS[place % len(COLOURS)],
            "hatch": HATCHES[place // len(COLOURS) % len(HATCHES)],
        }
        for place, camera in enumerate(cameras)
    }


def _pages(people: Sequence[Person]) -> list[list[Person]]:
    """People of each page, with the visits that are on it."""
    pages = []
    for dated in (True, False):
        some = [
            replace(person, visits=visits)
            for person in people
            if (visits := [visit for visit in person.visits if visit.dated == dated])
        ]
        pages += [some[first : first + ROWS] for first in range(0, len(some), ROWS)]
    return pages


@in_style
def draw_timeline(
    people: Sequence[Person], pictures: Mapping[int, bytes], looks: Mapping[str, dict], title: str
) -> Figure:
    """Draw a page.

    Args:
        people: whose visits are all dated, or none of them is.
        pictures: of people, as JPEG files, by number.
        looks: colour and hatch of each camera, as matplotlib names them.
        title: of the page.
    """
    figure = new_figure(WIDTH, ROW * max(1, len(people)) + REST, title)
    wide = ROW * PICTURE / WIDTH
    faces, axes = figure.subplots(1, 2, sharey=True, width_ratios=(wide, 1 - wide))
    figure.get_layout_engine().set(w_pad=0.02, wspace=0)
    _faces(faces, people, pictures)
    bars = _bars(axes, people, looks)
    _clock(axes, [visit for person in people for visit in person.visits])
    for row in range(0, len(people), 2):
        axes.axhspan(row - 0.5, row + 0.5, color="0.965", linewidth=0, zorder=0)
    axes.set(ylim=(max(1, len(people)) - 0.5, -0.5))
    axes.grid(False, axis="y")
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="y", left=False, labelleft=False)
    if bars:
        names = [plain(shortened(camera, LONGEST)) for camera in bars]
        figure.legend(bars.values(), names, loc="outside lower left", ncols=8)
    return figure


def _faces(axes, people: Sequence[Person], pictures: Mapping[int, bytes]) -> None:
    """The people's pictures, with their names and numbers to the left."""
    for row, person in enumerate(people):
        if person.number in pictures:
            image = cv2.imdecode(np.frombuffer(pictures[person.number], np.uint8), cv2.IMREAD_COLOR)
            extent = (0, 1, row + 0.47, row - 0.47)
            axes.imshow(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), extent=extent, aspect="auto")
    names = [f"{plain(shortened(person.name, LONGEST))}  {person.number}".strip() for person in people]
    axes.set(xlim=(0, 1), xticks=[], yticks=range(len(people)), yticklabels=names)
    axes.grid(False)
    axes.tick_params(axis="y", length=0)
    axes.spines[:].set_visible(False)


def _bars(axes, people: Sequence[Person], looks: Mapping[str, dict]) -> dict[str, object]:
    """Draw a bar for each visit; one of each camera's."""
    times = [time for person in people for visit in person.visits for time in (visit.start, visit.end)]
    least = SHORTEST * (max(times) - min(times)) if times else 0.0
    bars = {}
    for camera, look in looks.items():
        for row, person in enumerate(people):
            visits = [visit for visit in person.visits if visit.camera == camera]
            if visits:
                spans = [_bar(visit, least) for visit in visits]
                where = (row - 0.35, 0.7)
                bars[camera] = axes.broken_barh(spans, where, edgecolor="white", linewidth=0, **look)
    return bars


def _bar(visit: Visit, least: float) -> tuple[float, float]:
    """Begin and length of a visit's bar on the axis, which has days for dates and else seconds."""
    length = max(visit.end - visit.start, least)
    return (days(visit.start), length / DAY) if visit.dated else (visit.start, length)


def _clock(axes, visits: Sequence[Visit]) -> None:
    """Dates and times below the axis, or the videos' own clock."""
    if not visits:
        axes.set(xticks=[])
    elif visits[0].dated:
        date_axis(axes.xaxis)
    else:
        length = max(visit.end for visit in visits) - min(visit.start for visit in visits)
        clock_axis(axes.xaxis, length, show_time)
        axes.set_xlabel("since each video's start")
