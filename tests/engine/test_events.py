"""What a training reports to its writers, and how often it saves."""

import csv
import errno
import os

import pytest

from engine.events import TrainingEvents
from engine.saving import BackgroundSaver
from engine.writers import build


@pytest.fixture
def told(monkeypatch):
    """The metrics of every event, as a writer of one class and one line gets them."""
    events = []

    class Listener:
        def __init__(self, folder, history):
            self.history = history

        def attach(self, trainer):
            for event in TrainingEvents:
                trainer.add_event_handler(event, self.note, event)

        def note(self, engine, event):
            events.append((event, engine.state.epoch, dict(engine.state.metrics), len(self.history.results)))

    monkeypatch.setattr(build, "FILES", (*build.FILES, Listener))
    return events


def test_a_writer_is_told_the_parts_of_the_loss_and_the_results(train, told, tmp_path):
    words = ["--IF_WITH_CENTER", "yes", "SOLVER.LOG_PERIOD", "5", "SOLVER.METRIC_LOSS_WEIGHT", "2"]
    training = train(tmp_path, *words, "SOLVER.EVAL_PERIOD", "2")
    logged = [metrics for event, _, metrics, _ in told if event is TrainingEvents.LOGGED]
    assert len(logged) == 4, "after 5 and 8 of 8 iterations, in two epochs"
    for metrics in logged:
        parts = ["loss_id", "loss_metric", "loss_center"]
        assert list(metrics) == ["loss", *parts, "accuracy", "lr", "images_per_s", "memory_GB"]
        total = metrics["loss_id"] + 2 * metrics["loss_metric"] + 0.0005 * metrics["loss_center"]
        assert metrics["loss"] == pytest.approx(total, rel=1e-5)
        assert metrics["images_per_s"] > 0 and 0.05 < metrics["memory_GB"] < 100
    assert logged[0]["lr"] == pytest.approx(3.5e-4 * 0.109)
    assert training.loss_weights == {"id": 1.0, "metric": 2.0, "center": 0.0005}
    (evaluated,) = (told_ for told_ in told if told_[0] is TrainingEvents.EVALUATED)
    _, epoch, metrics, results = evaluated
    assert epoch == 2 and results == 1, "the history is up to date before a writer reads it"
    assert set(metrics) == {"mAP", "rank1", "rank5", "rank10", "mINP"}
    with open(tmp_path / "results.csv", newline="") as stream:
        (row,) = csv.DictReader(stream)
    assert {name: float(row[name]) for name in metrics} == {
        name: round(100 * value, 3) for name, value in metrics.items()
    }


def test_parts_of_distillation_have_the_same_road(train, told, tmp_path):
    training = train(tmp_path, "--kd", "SOLVER.MAX_EPOCHS", "1", "SOLVER.EVAL_PERIOD", "9")
    logged = next(metrics for event, _, metrics, _ in told if event is TrainingEvents.LOGGED)
    assert {f"loss_{name}" for name in training.loss_weights if name != "center"} < set(logged)
    assert "loss_stage_feature" in logged


def test_the_state_is_saved_once_in_an_epoch_and_at_the_end(train, tmp_path, monkeypatch):
    saved, save = [], BackgroundSaver.save

    def count(self, content, file, *args, **kwargs):
        saved.append((file.name, content.get("iteration"), content.get("evaluated")))
        save(self, content, file, *args, **kwargs)

    monkeypatch.setattr(BackgroundSaver, "save", count)
    train(tmp_path, "SOLVER.MAX_EPOCHS", "3")
    states = [rest for name, *rest in saved if name == "last.pth"]
    assert states == [[8, 0], [16, 1], [24, 2], [24, 3]]
    assert len(saved) == len(states) + 3, "and the weights of each evaluation"


def test_a_table_that_cannot_be_replaced_ends_no_training(train, tmp_path, monkeypatch, caplog_loguru):
    """On Windows, it may be open in another program; the next evaluation writes all of it."""
    replace, locked = os.replace, iter([True])

    def refuse_once(source, target):
        if str(target).endswith("results.csv") and next(locked, False):
            raise PermissionError(errno.EACCES, "Permission denied")
        replace(source, target)

    monkeypatch.setattr("os.replace", refuse_once)
    train(tmp_path)
    text = "".join(caplog_loguru)
    assert "results.csv: Permission denied; it is written again after the next evaluation" in text
    with open(tmp_path / "results.csv", newline="") as stream:
        assert [row["epoch"] for row in csv.DictReader(stream)] == ["1", "2"]
