"""What stands in the pictures of a training: asked of the figures, not of their pixels."""

import numpy as np
import pytest
import torch
from matplotlib.colors import to_hex

from data.datasets import Names
from data.images import Batch
from data.transforms import make_train_transform
from engine.history import History, Measured
from engine.pictures import SHOWN, draw_batch
from engine.writers.curves import draw_curves


def history(epochs: int, weights=None, lines: int = 4, mean_aps=None, **more) -> History:
    """Of a run with so many log lines in an epoch of 100 iterations."""
    made = History(weights or {"id": 1.0, "metric": 1.0})
    for epoch in range(epochs):
        for line in range(1, lines + 1):
            done = epoch + line / lines
            parts = {f"loss_{name}": 4 / (1 + done) for name in made.weights}
            loss = sum(made.weights[name.removeprefix("loss_")] * value for name, value in parts.items())
            metrics = {"loss": loss, **parts, "accuracy": 0.5, "lr": 1e-4, **more}
            made.measured.append(Measured("logged", round(100 * done), done, metrics))
        if mean_aps:
            results = {"mAP": mean_aps[epoch], "rank1": 0.9, "rank5": 0.9, "rank10": 0.9, "mINP": 0.1}
            made.measured.append(Measured("evaluated", 100 * (epoch + 1), epoch + 1.0, results))
    return made


def curve(axes, label: str) -> tuple[np.ndarray, np.ndarray]:
    (line,) = [line for line in axes.lines if line.get_label() == label]
    return line.get_data()


def shown_ticks(axes) -> list[float]:
    low, high = axes.get_xlim()
    return [tick for tick in axes.get_xticks() if low <= tick <= high]


@pytest.mark.parametrize("epochs, expected", [(1, [0, 1]), (3, [0, 1, 2, 3]), (200, [0, 50, 100, 150, 200])])
def test_whole_epochs_on_every_axis(epochs, expected):
    figure = draw_curves(history(epochs, mean_aps=[0.5] * epochs), "run")
    for axes in figure.axes:
        assert axes.get_xlabel() == "epoch" and axes.get_xlim() == (0, epochs)
        assert shown_ticks(axes) == expected


def test_the_parts_add_up_to_the_loss():
    loss, *_ = draw_curves(history(2, {"id": 1.0, "metric": 2.0, "center": 0.0005}), "run").axes
    total = curve(loss, "loss")
    parts = [curve(loss, label) for label in ("id", "2 × metric", "0.0005 × center")]
    assert np.allclose(total[1], sum(values for _, values in parts))
    assert np.allclose(total[0], [0.25, 0.5, 0.75, 1, 1.25, 1.5, 1.75, 2])
    assert loss.get_ylim()[0] == 0


def test_one_part_alone_is_the_loss():
    loss, *_ = draw_curves(history(2, {"id": 1.0}), "run").axes
    assert [line.get_label() for line in loss.lines] == ["loss"] and loss.get_legend() is None


def test_many_lines_are_averaged_by_epoch():
    made = history(40)
    made.measured[1].metrics["loss"] = float("nan")  # no finite loss in a whole line
    loss, *_ = draw_curves(made, "run").axes
    epochs, means = curve(loss, "loss")
    assert np.allclose(epochs, np.arange(40) + 0.5)
    assert means[0] == pytest.approx(np.mean([8 / 1.25, 8 / 1.75, 8 / 2]))
    assert means[7] == pytest.approx(np.mean([8 / (8 + k / 4) for k in (1, 2, 3, 4)]))


def test_the_best_result_is_marked():
    _, results, *_ = draw_curves(history(4, mean_aps=[0.3, 0.712, 0.6, 0.712]), "run").axes
    assert [*curve(results, "best mAP")] == [[2], [pytest.approx(71.2)]], "the first of two"
    assert results.get_title(loc="left") == "best mAP 71.2 %, with Rank-1 90.0 %, after epoch 2"
    assert np.allclose(curve(results, "mAP"), [[1, 2, 3, 4], [30, 71.2, 60, 71.2]])
    assert results.get_ylim() == (30, 90)


@pytest.mark.parametrize("mean_ap, limits", [(0.0, (0, 90)), (0.9, (70, 90)), (1.0, (80, 100))])
def test_results_that_are_all_equal(mean_ap, limits):
    _, results, *_ = draw_curves(history(3, mean_aps=[mean_ap] * 3), "run").axes
    assert results.get_ylim() == limits


def test_a_run_without_an_evaluation_or_a_line():
    for made in (history(1), History({"id": 1.0})):
        figure = draw_curves(made, "run")
        assert figure.axes[1].get_title(loc="left") == "no evaluation yet"
        assert all(axes.get_xlim() == (0, 1) for axes in figure.axes)


def test_learning_rates():
    *_, rates = draw_curves(history(2, lr_layer_3=2e-5, lr_layer_2=4e-6), "run").axes
    assert rates.get_yscale() == "log", "they differ twentyfold"
    assert np.allclose(curve(rates, "head")[1], 1e-4)
    assert [text.get_text() for text in rates.get_legend().get_texts()] == ["other layers and biases", "head"]
    *_, rates = draw_curves(history(2), "run").axes
    assert rates.get_yscale() == "linear" and rates.get_ylim()[0] == 0 and rates.get_legend() is None


def test_a_batch_as_the_network_sees_it(assemble):
    training = assemble("INPUT.RE_PROB", "1", "SOLVER.IMS_PER_BATCH", "48", "SOLVER.AMP", "no")
    loader = training.train_loader
    loader.set_epoch(1)
    batch = next(iter(loader))
    names = Names({int(pid): f"p{pid}" for pid in batch.pids}, {1: "gate"})
    figure = draw_batch(batch, training.cfg, names)
    (sheet,) = figure.axes
    assert len(sheet.images) == SHOWN and "64×32 pixels, 32 of its 48 images" in figure.get_suptitle()
    transform = make_train_transform(training.cfg)
    for place, image in enumerate(sheet.images):
        shown = torch.from_numpy(np.array(image.get_array())).permute(2, 0, 1).float() / 255
        mean, std = (torch.tensor(values)[:, None, None] for values in (transform.mean, transform.std))
        assert torch.allclose((shown - mean) / std, batch.images[place].float(), atol=0.02)
        erased = (batch.images[place] == 0).all(0)
        assert erased.any(), "erased, and so is its picture"
    captions = [text.get_text() for text in sheet.texts]
    shown = {
        f"person p{pid}, cam. {'gate' if camid == 1 else camid + 1}"
        for pid, camid in zip(batch.pids, batch.camids, strict=True)
    }
    assert set(captions) <= shown and any("gate" in caption for caption in captions)
    colours = [to_hex(line.get_color()) for line in sheet.lines]
    for one in range(8):
        for other in range(8):
            assert (colours[one] == colours[other]) == (batch.pids[one] == batch.pids[other])
    (sheet,) = draw_batch(batch, training.cfg, names, most=48).axes
    assert len(sheet.images) == 48


def test_a_batch_is_shown_person_by_person(load):
    pids = torch.tensor([7, 3, 7, 5, 5, 5, 7, 5, 5, 7, 8, *[9] * 10])
    images = torch.arange(len(pids))[:, None, None, None].expand(-1, 3, 8, 4) / 100
    batch = Batch(images, pids, torch.zeros_like(pids), torch.arange(len(pids)), [])
    cfg = load("INPUT.PIXEL_MEAN", "[0,0,0]", "INPUT.PIXEL_STD", "[1,1,1]")
    (sheet,) = draw_batch(batch, cfg, Names()).axes
    rows: dict[float, list[tuple]] = {}
    for image in sheet.images:
        left, _, _, top = image.get_extent()
        rows.setdefault(round(top, 3), []).append((left, round(image.get_array()[0, 0, 0] / 2.55)))
    places = [[place for _, place in sorted(row)] for _, row in sorted(rows.items())]
    assert places == [[0, 2, 6, 9, 1], [3, 4, 5, 7, 8, 10], [*range(11, 19)], [19, 20]]
