"""The picture of a data set: its numbers, some of its people, and what is wrong with it."""

import textwrap
from collections import Counter

import numpy as np

from utils.counting import counted
from utils.figures import (
    AMBER,
    DARK,
    GREEN,
    GREY,
    RED,
    Figure,
    can_show,
    count_axis,
    in_style,
    new_figure,
    shortened,
    whole_numbers,
)
from utils.image_sheet import HEAD, LINE, ImageSheet

from ..datasets import Names, Record
from ..reading import read_rgb
from .examination import SUBSETS, Report
from .findings import Finding

WIDTH, NUMBERS = 13.0, 4.2  # of the picture; height of its upper part [inches]
IMAGE, GAP = (0.72, 1.44), 0.1  # width and height of a sample; around it [inches]
SHOWN = (0.38, 0.76)  # of an image that shows what is wrong [inches]
PEOPLE = 4  # shown of training, and of query and gallery
CAMERAS = 6  # of each of the two
EXAMPLES = 13  # images to a finding
LETTERS = 85  # in a line of text beside them


@in_style
def draw_data(report: Report) -> Figure:
    """Draw images per person and camera and their sizes, some people by camera, and the findings."""
    people = [
        ("train: some people by camera", report.dataset.train, report.dataset.train_names),
        (
            "query and gallery: some people by camera",
            report.dataset.query + report.dataset.gallery,
            report.dataset.names,
        ),
    ]
    findings = report.findings
    samples = HEAD + LINE + PEOPLE * (IMAGE[1] + GAP)
    wrong = HEAD + sum(_height(finding) for finding in findings)
    heights = (NUMBERS, samples, wrong)
    figure = new_figure(WIDTH, sum(heights), f"{report.dataset.name}: {_what_was_found(findings)}")
    numbers, middle, bottom = figure.subfigures(3, 1, height_ratios=heights)
    left, center, right = numbers.subplots(1, 3)
    _draw_images_per_person(left, report)
    _draw_images_per_camera(center, report)
    _draw_sizes(right, report)
    sheet = ImageSheet(middle, WIDTH, samples)
    for place, (title, records, names) in enumerate(people):
        _draw_people(sheet, 0.1 + place * WIDTH / 2, title, records, names)
    _draw_findings(ImageSheet(bottom, WIDTH, wrong), findings)
    return figure


def _what_was_found(findings: list[Finding]) -> str:
    errors = sum(finding.is_error for finding in findings)
    counts = ((errors, "error"), (len(findings) - errors, "warning"))
    words = [counted(number, what) for number, what in counts if number]
    return " and ".join(words) or "nothing found wrong"


def _draw_images_per_person(axes, report: Report) -> None:
    """From most to least, and over the share of the people, so that subsets of any size compare."""
    axes.set_title("images per person")
    most, least = 1, 1
    for subset in SUBSETS:
        numbers = np.sort(report.images_per_person(subset))[::-1]
        if len(numbers):
            most, least = max(most, numbers[0]), min(least, numbers[-1])
            shares = np.linspace(0, 100, len(numbers) + 1)
            axes.stairs(numbers, shares, baseline=None, label=subset, linewidth=1.6)
    axes.set(xlabel="% of the people", xlim=(0, 100))
    count_axis(axes.yaxis, most, least)
    axes.legend()


def _draw_images_per_camera(axes, report: Report) -> None:
    axes.set_title("images per camera")
    per_camera = {subset: _images_per_camera(report, subset) for subset in SUBSETS}
    cameras = list(dict.fromkeys(camera for numbers in per_camera.values() for camera in numbers))
    bottom = np.zeros(len(cameras))
    for subset, numbers in per_camera.items():
        heights = np.array([numbers.get(camera, 0) for camera in cameras])
        axes.bar(range(len(cameras)), heights, bottom=bottom, label=subset, width=min(0.8, len(cameras) / 6))
        bottom += heights
    labels = [shortened(camera, 12) if can_show(camera) else str(n) for n, camera in enumerate(cameras, 1)]
    upright = len(cameras) > 12 or max(map(len, labels), default=0) * len(cameras) > 40
    axes.set_xticks(range(len(cameras)), labels, rotation=90 if upright else 0)
    axes.set(xlabel="camera", xlim=(-0.6, max(len(cameras), 2) - 0.4))
    axes.grid(axis="x", visible=False)
    whole_numbers(axes.yaxis)
    axes.set_ylim(0, 1.25 * max(bottom, default=1))  # room for the legend
    axes.legend(ncols=3, loc="upper center")


def _images_per_camera(report: Report, subset: str) -> dict[str, int]:
    names = report.dataset.names_of(subset)
    numbers = Counter(record.camid for record in getattr(report.dataset, subset))
    return {names.camera(camid): number for camid, number in sorted(numbers.items())}


def _draw_sizes(axes, report: Report) -> None:
    """Every size that is there once, as large as it is frequent."""
    every = np.unique(np.concatenate([report.sizes(subset) for subset in SUBSETS]), axis=0)
    alike = f": all {every[0][1]} wide, {every[0][0]} high" if len(every) == 1 else ""
    axes.set_title(f"sizes of the images [pixels]{alike}")
    for subset in SUBSETS:
        sizes, numbers = np.unique(report.sizes(subset), axis=0, return_counts=True)
        area = 12 + 120 * numbers / max(numbers.sum(), 1)
        axes.scatter(sizes[:, 1], sizes[:, 0], s=area, alpha=0.45, linewidths=0, label=subset)
    axes.set(xlabel="width", ylabel="height", xlim=(0, None), ylim=(0, None))
    for axis in (axes.xaxis, axes.yaxis):
        whole_numbers(axis)
    axes.legend(loc="lower right")


def _draw_people(sheet: ImageSheet, left: float, title: str, records: list[Record], names: Names) -> None:
    """People spread evenly over all of them, a row each; a column for each camera."""
    sheet.text(left, HEAD / 2, title, fontsize=10)
    pids = sorted({record.pid for record in records})
    chosen = [
        pids[place] for place in np.linspace(0, len(pids) - 1, min(PEOPLE, len(pids))).round().astype(int)
    ]
    first: dict[tuple[int, int], Record] = {}
    for record in records:
        first.setdefault((record.pid, record.camid), record)
    seen = Counter(camid for pid, camid in first if pid in chosen)
    cameras = sorted(camid for camid, _ in seen.most_common(CAMERAS))
    for column, camid in enumerate(cameras):
        middle = left + 0.9 + (column + 0.5) * (IMAGE[0] + GAP)
        sheet.text(middle, HEAD, f"cam. {shortened(names.camera(camid), 9)}", GREY, ha="center")
    for row, pid in enumerate(chosen):
        top = HEAD + LINE + row * (IMAGE[1] + GAP)
        sheet.text(left, top + IMAGE[1] / 2, f"person\n{shortened(names.person(pid), 11)}")
        for column, camid in enumerate(cameras):
            if (pid, camid) in first:
                place = left + 0.9 + column * (IMAGE[0] + GAP)
                sheet.image(read_rgb(first[pid, camid].path), place, top, IMAGE)
    if not records:
        sheet.text(left, HEAD + LINE, "no images", GREY)


def _draw_findings(sheet: ImageSheet, findings: list[Finding]) -> None:
    """A row for each: what it is and what to do, then images that show it."""
    title, colour = ("what was found wrong", DARK) if findings else ("nothing was found wrong", GREEN)
    sheet.text(0.1, HEAD / 2, title, colour, fontsize=10)
    top = HEAD
    for finding in findings:
        level, colour = ("ERROR", RED) if finding.is_error else ("WARNING", AMBER)
        what, fix = (textwrap.fill(text, LETTERS) for text in (finding.what, finding.fix))
        sheet.text(0.1, top, level, colour, va="top", fontweight="bold")
        sheet.text(0.9, top, what, va="top")
        sheet.text(0.9, top + LINE * (1.5 + what.count("\n")), fix, GREY, va="top")
        for place, path in enumerate(finding.images[:EXAMPLES]):
            sheet.image(read_rgb(path), WIDTH / 2 + place * (SHOWN[0] + GAP), top, SHOWN)
        top += _height(finding)


def _height(finding: Finding) -> float:
    lines = sum(len(textwrap.wrap(text, LETTERS)) for text in (finding.what, finding.fix))
    return max(LINE * (lines + 1.5), SHOWN[1] + 2 * GAP if finding.images else 0)
