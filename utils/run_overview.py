"""Finished runs for a reader who does not know their settings: a table of facts, and their curves."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from .figures import COLOURS, Figure, epoch_axis, in_style, new_figure, percent_axis, plain, shortened
from .run_table import Run, by_recipe

STARTS = {"none": "random", "self": "ReID weights"}


def overview(runs: Sequence[Run]) -> str:
    """Markdown: what was trained, from what, how long, and what came out; one row per run."""
    lines = [
        "| network | start | teacher | size | epochs | hours | mAP | Rank-1 |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for run in runs:
        settings, last = run.settings, run.results[-1]
        cells = (
            settings["MODEL.NAME"],
            STARTS.get(settings["MODEL.PRETRAIN_CHOICE"], "ImageNet"),
            _teacher(settings),
            _sizes(settings),
            f"{last['epoch']:.0f}",
            f"{hours(run, last['epoch']):.1f}",
            f"{last['mAP']:.1f}",
            f"{last['rank1']:.1f}",
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def hours(run: Run, epoch: float) -> float:
    """Of training, up to the end of an epoch; evaluations are not counted."""
    return sum(hours for number, hours in run.hours.items() if number <= epoch)


class Curve(NamedTuple):
    """Results of the runs of one recipe, of which each has another seed."""

    name: str
    epochs: list[float]  # at which all of them were evaluated
    hours: list[float]  # of training until then; mean of the runs
    values: dict[str, np.ndarray]  # column of the results -> (runs, epochs) [percent]


def curves(runs: Sequence[Run]) -> list[Curve]:
    """One curve for each recipe, in the order of their first runs.

    Runs of a recipe that were never evaluated at the same epoch are a curve each.
    """
    found = []
    for group in by_recipe(runs):
        shared = set.intersection(*({row["epoch"] for row in run.results} for run in group))
        found += [_curve(group)] if shared else [_curve([run]) for run in group]
    return found


@in_style
def draw_runs(runs: Sequence[Run]) -> Figure:
    """Draw mAP and Rank-1 of runs, by their epochs and by their hours, or minutes if those are few.

    Runs that differ only in their seed are one line, their mean, in a band from the least to the most, as far
    as all of them have come.
    """
    drawn = curves(runs)
    bands = "; bands: all seeds" if len(drawn) < len(runs) else ""
    title = "mAP, and dotted Rank-1, of " + ("runs" if len(runs) > 1 else "a run") + bands
    figure = new_figure(10, 4.4, title)
    by_epoch, by_time = figure.subplots(1, 2, sharey=True)
    longest = max(curve.hours[-1] for curve in drawn)
    unit, per_hour = ("hours", 1) if longest >= 2 else ("minutes", 60)
    for number, curve in enumerate(drawn):
        colour = COLOURS[number % len(COLOURS)]
        times = [per_hour * hour for hour in curve.hours]
        for axes, places in ((by_epoch, curve.epochs), (by_time, times)):
            for column, line, label in (("mAP", "-", curve.name), ("rank1", ":", None)):
                values = curve.values[column]
                style = {"color": colour, "marker": ".", "clip_on": False}
                axes.plot(places, values.mean(0), line, label=label, **style)
                if len(values) > 1:
                    axes.fill_between(places, values.min(0), values.max(0), color=colour, alpha=0.2, lw=0)
    values = np.concatenate([values.ravel() for curve in drawn for values in curve.values.values()])
    percent_axis(by_epoch.yaxis, values.min(), values.max())
    epoch_axis(by_epoch, max(curve.epochs[-1] for curve in drawn))
    by_epoch.set_ylabel("%")
    by_time.set_xlabel(f"{unit} of training")
    by_time.set_xlim(0, per_hour * longest or 1)
    by_epoch.legend()
    return figure


def _curve(group: Sequence[Run]) -> Curve:
    rows = [{row["epoch"]: row for row in run.results} for run in group]
    epochs = sorted(set.intersection(*map(set, rows)))
    seeds = ", ".join(str(run.settings["SEED"]) for run in group) if len(group) > 1 else ""
    return Curve(
        plain(shortened(group[0].folder.name, 32)) + (seeds and f" (seeds {seeds})"),
        epochs,
        [float(np.mean([hours(run, epoch) for run in group])) for epoch in epochs],
        {
            name: np.array([[row[epoch][name] for epoch in epochs] for row in rows])
            for name in ("mAP", "rank1")
        },
    )


def _teacher(settings: dict[str, object]) -> str:
    for key in ("KD.TEACHER", "KD.TEACHER_FEATURES"):
        if settings[key]:
            return Path(str(settings[key])).name
    return "itself" if settings["KD.SELF"] else ""


def _sizes(settings: dict[str, object]) -> str:
    """As ``256×128``, after smaller first epochs as ``128×64, then 256×128``."""
    full = "×".join(map(str, settings["INPUT.SIZE_TRAIN"]))
    if not settings["INPUT.FIRST_EPOCHS"]:
        return full
    return f"{'×'.join(map(str, settings['INPUT.SIZE_FIRST']))}, then {full}"
