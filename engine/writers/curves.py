"""curves.png: a run by epoch."""

from collections.abc import Mapping, Sequence

import numpy as np

from utils.figures import (
    COLOURS,
    DARK,
    GREY,
    Figure,
    epoch_axis,
    in_style,
    new_figure,
    percent_axis,
    rate_axis,
    save_figure,
)

from ..history import Evaluated, History, Measured
from .file_writer import FileWriter

FEW, MANY = 40, 100  # points of a curve that are marked one by one; that are averaged by epoch


class CurvesPicture(FileWriter):
    """Keeps ``curves.png`` up to date."""

    def write(self) -> None:
        """Draw the picture anew."""
        save_figure(draw_curves(self.history, self.folder.path.resolve().name), self.folder.curves)


@in_style
def draw_curves(history: History, title: str) -> Figure:
    """Draw loss with its parts, accuracy, results with the best one marked, and learning rates, by epoch.

    Args:
        history: of the run.
        title: of the picture, such as the run's name.
    """
    lines, results = history.lines, history.results
    figure = new_figure(11, 6.6, title)
    (top_left, top_right), (bottom_left, bottom_right) = figure.subplots(2, 2)
    _draw_loss(top_left, lines, history.weights)
    _draw_results(top_right, results)
    _draw_accuracy(bottom_left, lines)
    _draw_rates(bottom_right, lines)
    last = max([line.epoch for line in lines[-1:]] + [result.epoch for result in results[-1:]], default=1)
    for axes in (top_left, top_right, bottom_left, bottom_right):
        epoch_axis(axes, last)
    return figure


def _draw_loss(axes, lines: Sequence[Measured], weights: Mapping[str, float]) -> None:
    """The loss and what each part adds to it."""
    axes.set_title("training loss")
    parts = {name: weight for name, weight in weights.items() if lines and f"loss_{name}" in lines[0].metrics}
    _draw(axes, lines, "loss", color=DARK, label="loss")
    for (name, weight), colour in zip(parts.items(), COLOURS * len(parts), strict=False):
        if len(parts) > 1:
            label = name if weight == 1 else f"{weight:g} × {name}"
            _draw(axes, lines, f"loss_{name}", weight, color=colour, label=label)
    lowest, highest = axes.get_ylim()
    axes.set_ylim(min(0, axes.dataLim.y0), highest if highest > lowest else 1)
    if len(parts) > 1:
        axes.legend()


def _draw_accuracy(axes, lines: Sequence[Measured]) -> None:
    axes.set_title("accuracy on the training batches [%]")
    _draw(axes, lines, "accuracy", 100, color=DARK)
    percent_axis(axes.yaxis, 0, 100)


def _draw_rates(axes, lines: Sequence[Measured]) -> None:
    axes.set_title("learning rate")
    names = [name for name in (lines[0].metrics if lines else ()) if name == "lr" or name.startswith("lr_")]
    epochs = [line.epoch for line in lines]
    for name in reversed(names):
        is_head = name == "lr"
        label = "head" if is_head else "other layers and biases" if name == names[-1] else None
        rates = [line.metrics[name] for line in lines]
        style = {"color": DARK} if is_head else {"color": GREY, "linewidth": 0.8}
        axes.plot(epochs, rates, marker=_marker(lines), label=label, **style)
    rate_axis(axes.yaxis, [line.metrics[name] for line in lines for name in names])
    if len(names) > 1:
        axes.legend()


def _draw_results(axes, results: Sequence[Evaluated]) -> None:
    """MAP and Rank-1; the best mAP has a star."""
    if not results:
        axes.set_title("no evaluation yet")
        percent_axis(axes.yaxis, 0, 100)
        return
    best = max(results, key=lambda result: result.mAP)
    axes.set_title(f"best mAP {best.mAP:.1f} %, with Rank-1 {best.rank1:.1f} %, after epoch {best.epoch}")
    epochs, values = [result.epoch for result in results], []
    for name, label, colour in (("rank1", "Rank-1", COLOURS[0]), ("mAP", "mAP", COLOURS[1])):
        values.append([getattr(result, name) for result in results])
        axes.plot(epochs, values[-1], marker=_marker(results), color=colour, label=label, clip_on=False)
    star = {"markersize": 13, "markerfacecolor": COLOURS[5], "markeredgecolor": DARK, "linestyle": ""}
    axes.plot(best.epoch, best.mAP, "*", label="best mAP", clip_on=False, zorder=5, **star)
    percent_axis(axes.yaxis, np.min(values), np.max(values))
    axes.legend()


def _draw(axes, lines: Sequence[Measured], name: str, factor: float = 1, label: str = "", **style) -> None:
    """Each line of the log; of many, their means by epoch, and each of them faintly."""
    epochs = np.array([line.epoch for line in lines])
    values = factor * np.array([line.metrics[name] for line in lines])
    if len(lines) <= MANY:
        axes.plot(epochs, values, marker=_marker(lines), label=label, **style)
        return
    axes.plot(epochs, values, alpha=0.25, linewidth=0.7, **style)
    finite = np.isfinite(values)
    numbers, values = np.ceil(epochs[finite]), values[finite]
    whole = np.unique(numbers)
    axes.plot(whole - 0.5, [values[numbers == epoch].mean() for epoch in whole], label=label, **style)


def _marker(points: Sequence) -> str:
    """Points of a short curve are marked one by one; a single one would not be seen."""
    return "." if len(points) <= FEW else ""
