"""Finished runs side by side, from what they wrote themselves."""

import csv
import re
from collections.abc import Sequence
from pathlib import Path
from statistics import mean
from typing import NamedTuple

import yaml

from .errors import InputError, os_reason
from .run_folder import COLUMNS, RunFolder

# Settings that are not part of a run's recipe.
APART = ("OUTPUT_DIR", "RESUME", "SEED")


class Run(NamedTuple):
    """A run as its folder shows it."""

    folder: Path
    settings: dict[str, object]  # by dotted name
    results: list[dict[str, float]]  # of the evaluations, by COLUMNS
    machine: str  # device and versions, as logged
    commit: str  # of the program; empty if not in the log
    hours: dict[int, float]  # of training, evaluations not counted, by epoch

    @property
    def recipe(self) -> tuple:
        """The settings shared by runs that differ only in their seed."""
        return tuple(sorted((key, str(value)) for key, value in self.settings.items() if key not in APART))


def read_run(folder: Path, defaults: dict) -> Run:
    """The settings and results of a run.

    Args:
        folder: of the run.
        defaults: the tree of settings, for those that the program did not have yet when it made the run.

    Raises:
        InputError: the folder holds no run that has been evaluated.
    """
    run = RunFolder(folder)
    try:
        settings = yaml.safe_load(run.settings.read_text(encoding="utf-8"))
        with open(run.results, newline="", encoding="utf-8") as stream:
            rows = [{name: float(row[name]) for name in COLUMNS} for row in csv.DictReader(stream)]
        log = run.log.read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(f"{folder} holds no evaluated run ({os_reason(error)})") from None
    except (yaml.YAMLError, KeyError, ValueError, TypeError) as error:
        raise InputError(
            f"{folder}: {run.settings.name} or {run.results.name} is damaged ({error})"
        ) from None
    if not rows or not isinstance(settings, dict):
        raise InputError(
            f"{folder} holds no evaluated run: {run.results.name} or {run.settings.name} is empty"
        )
    device, versions, commit = (
        found[1] if (found := re.search(line, log)) else ""
        for line in (" - (Device: [^;]*)", " - (Python [^;]*)", "; git commit (.*)")
    )
    machine = "; ".join(filter(None, (device, versions)))
    return Run(folder, _flatten(defaults) | _flatten(settings), rows, machine, commit, _hours(log))


def _hours(log: str) -> dict[int, float]:
    batches = re.search(r"Iteration\[\d+/(\d+)\]", log)
    per_batch = re.findall(r"Epoch (\d+) done\. Time per batch: ([\d.]+)\[s\]", log)
    # An epoch that was trained again, after a resume, counts once.
    return {int(epoch): int(batches[1]) * float(time) / 3600 for epoch, time in per_batch if batches}


def by_recipe(runs: Sequence[Run]) -> list[list[Run]]:
    """Runs that differ only in their seed together, in the order of the first of each."""
    recipes: dict[tuple, list[Run]] = {}
    for run in runs:
        recipes.setdefault(run.recipe, []).append(run)
    return list(recipes.values())


def runs_table(runs: Sequence[Run]) -> str:
    """Markdown: the last evaluation of each recipe, with its difference from the first one's.

    Runs that differ only in their seed share a row: the mean, and each result behind it. Recipes are
    compared by the seeds that both were run with, if there are any.
    """
    recipes = by_recipe(runs)
    first = recipes[0]
    lines = [
        "| settings | epochs | seeds | mAP | Rank-1 | mAP against the first |",
        "|---|---|---|---|---|---|",
    ]
    for group in recipes:
        last = [run.results[-1] for run in group]
        seeds = ", ".join(str(run.settings["SEED"]) for run in group)
        lines.append(
            f"| {_difference(group[0], first[0])} | {last[0]['epoch']:.0f} | {seeds} "
            f"| {_values(last, 'mAP')} | {_values(last, 'rank1')} "
            f"| {'' if group is first else f'{_gain(group, first):+.1f}'} |"
        )
    return "\n".join([*lines, "", *_machines(runs)])


def _machines(runs: Sequence[Run]) -> list[str]:
    """One line per device and set of versions, with the commits of its runs."""
    commits: dict[str, set[str]] = {}
    for run in runs:
        commits.setdefault(run.machine, set()).update([run.commit] if run.commit else [])
    return [
        machine + (f"; git commit {', '.join(sorted(of_machine))}" if of_machine else "")
        for machine, of_machine in sorted(commits.items())
    ]


def _gain(group: Sequence[Run], first: Sequence[Run]) -> float:
    """Of mAP."""
    ours, theirs = ({run.settings["SEED"]: run.results[-1]["mAP"] for run in runs} for runs in (group, first))
    shared = ours.keys() & theirs.keys()
    if shared:
        return mean(ours[seed] - theirs[seed] for seed in shared)
    return mean(ours.values()) - mean(theirs.values())


def _values(rows: Sequence[dict], column: str) -> str:
    values = [row[column] for row in rows]
    each = f" ({', '.join(f'{value:.1f}' for value in values)})" if len(values) > 1 else ""
    return f"{mean(values):.1f}{each}"


def _difference(run: Run, first: Run) -> str:
    changed = {
        key: value
        for key, value in run.settings.items()
        if key not in APART and str(first.settings.get(key)) != str(value)
    }
    if run is first:
        return f"{run.settings['MODEL.NAME']}, {'×'.join(map(str, run.settings['INPUT.SIZE_TRAIN']))}"
    return ", ".join(f"`{key} {value}`" for key, value in changed.items()) or "the same"


def _flatten(tree: dict, prefix: str = "") -> dict[str, object]:
    flat = {}
    for key, value in tree.items():
        flat |= _flatten(value, f"{prefix}{key}.") if isinstance(value, dict) else {f"{prefix}{key}": value}
    return flat
