"""Finished runs for a reader who does not know their settings: a table of facts, and their curves."""

from collections.abc import Sequence
from pathlib import Path

from .figures import Figure
from .files import atomic_write
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


def draw_runs(runs: Sequence[Run], file: Path) -> None:
    """Draw mAP and Rank-1 of runs, by their epochs and by their hours, into a PNG file.

    Raises:
        InputError: it cannot be written.
    """
    figure = Figure(figsize=(9, 3.8), layout="constrained")
    by_epoch, by_hour = figure.subplots(1, 2, sharey=True)
    for run in runs:
        epochs = [row["epoch"] for row in run.results]
        for axes, places in ((by_epoch, epochs), (by_hour, [hours(run, epoch) for epoch in epochs])):
            [line] = axes.plot(places, [row["mAP"] for row in run.results], marker=".", label=run.folder.name)
            axes.plot(places, [row["rank1"] for row in run.results], ":", color=line.get_color())
    by_epoch.set(xlabel="epoch", ylabel="%: mAP, dotted Rank-1", ylim=(0, 100))
    by_hour.set(xlabel="hours of training")
    by_epoch.xaxis.get_major_locator().set_params(integer=True)
    by_epoch.legend(fontsize=8)
    for axes in (by_epoch, by_hour):
        axes.set_xlim(left=0)
        axes.grid(alpha=0.3)
    with atomic_write(file, "wb") as stream:
        figure.savefig(stream, format="png", dpi=120)


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
