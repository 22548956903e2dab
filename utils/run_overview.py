"""Finished runs for a reader who does not know their settings: a table of facts, and their curves."""

from collections.abc import Sequence
from pathlib import Path

from .figures import COLOURS, Figure, epoch_axis, in_style, new_figure, percent_axis, plain, shortened
from .run_table import Run

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


@in_style
def draw_runs(runs: Sequence[Run]) -> Figure:
    """Draw mAP and Rank-1 of runs, by their epochs and by their hours."""
    figure = new_figure(10, 4.4, "mAP, and dotted Rank-1, of " + ("runs" if len(runs) > 1 else "a run"))
    by_epoch, by_hour = figure.subplots(1, 2, sharey=True)
    for number, run in enumerate(runs):
        epochs = [row["epoch"] for row in run.results]
        style = {"color": COLOURS[number % len(COLOURS)], "marker": ".", "clip_on": False}
        for axes, places in ((by_epoch, epochs), (by_hour, [hours(run, epoch) for epoch in epochs])):
            label = plain(shortened(run.folder.name, 32))
            axes.plot(places, [row["mAP"] for row in run.results], label=label, **style)
            axes.plot(places, [row["rank1"] for row in run.results], ":", **style)
    values = [row[name] for run in runs for row in run.results for name in ("mAP", "rank1")]
    percent_axis(by_epoch.yaxis, min(values), max(values))
    epoch_axis(by_epoch, max(run.results[-1]["epoch"] for run in runs))
    by_epoch.set_ylabel("%")
    by_hour.set_xlabel("hours of training")
    by_hour.set_xlim(0, max(hours(run, run.results[-1]["epoch"]) for run in runs) or 1)
    by_epoch.legend()
    return figure


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
