"""TensorBoard, Weights & Biases and MLflow: what they hold is what was measured, once."""

import csv
import os
import signal
import struct
import sys
from collections import defaultdict
from functools import partial

import cv2
import numpy as np
import pytest

from engine.events import TrainingEvents
from engine.pictures import Pictures
from engine.step import TrainStep
from engine.writers import build
from engine.writers.results import ResultsTable
from engine.writers.viewer import Viewer, tagged
from tests.conftest import assert_refused
from utils.errors import InputError

# Log lines after 5 and 8 of 8 iterations; an evaluation after each of two epochs.
LINES, EVALUATIONS = [5, 8, 13, 16], [8, 16]
WORDS = ["SOLVER.LOG_PERIOD", "5", "LOG.WRITERS"]


def table(folder) -> dict[str, list[float]]:
    """The columns of results.csv, as the viewers have them: 0..1."""
    with open(folder / "results.csv", newline="") as stream:
        rows = list(csv.DictReader(stream))
    return {name: [float(row[name]) / 100 for row in rows] for name in rows[0] if name != "epoch"}


@pytest.fixture
def events():
    """What TensorBoard reads from a run's folder."""
    pytest.importorskip("tensorboard", reason="pip install -r requirements-watch.txt")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    def read(folder) -> EventAccumulator:
        found = EventAccumulator(str(folder), size_guidance={"scalars": 0, "images": 0})
        return found.Reload()

    return read


def points(events, tag: str) -> list[tuple[int, float]]:
    return [(point.step, point.value) for point in events.Scalars(tag)]


def assert_whole(events, folder) -> None:
    """Every point is there, in its place and once."""
    tags = events.Tags()["scalars"]
    assert {tag.partition("/")[0] for tag in tags} == {"training", "validation"}
    for tag in tags:
        expected = LINES if tag.startswith("training") else EVALUATIONS
        assert [step for step, _ in points(events, tag)] == expected, tag
    for name, values in table(folder).items():
        found = [value for _, value in points(events, f"validation/{name}")]
        assert found == pytest.approx(values, abs=1e-5), name


def test_tensorboard_holds_what_the_table_holds(train, events, tmp_path):
    train(tmp_path, *WORDS, "tensorboard", "SOLVER.BIAS_LR_FACTOR", "2")
    found = events(tmp_path)
    assert_whole(found, tmp_path)
    measured = ["loss", "loss_id", "loss_metric", "accuracy", "lr", "lr_bias", "images_per_s", "memory_GB"]
    assert {f"training/{name}" for name in measured} < {*found.Tags()["scalars"]}
    parts = [points(found, f"training/{name}") for name in ("loss", "loss_id", "loss_metric")]
    for (_, loss), (_, id_loss), (_, metric) in zip(*parts, strict=True):
        assert loss == pytest.approx(id_loss + metric, rel=1e-4)
    for (_, head), (_, bias) in zip(
        points(found, "training/lr"), points(found, "training/lr_bias"), strict=True
    ):
        assert bias == pytest.approx(2 * head)
    assert [image.step for image in found.Images("training/batch")] == [0], "once"
    assert [image.step for image in found.Images("validation/worst_queries")] == EVALUATIONS
    pixels = np.frombuffer(found.Images("training/batch")[0].encoded_image_string, np.uint8)
    assert cv2.imdecode(pixels, cv2.IMREAD_COLOR).std() > 20
    settings = found.Tensors("settings/text_summary")[0].tensor_proto.string_val[0].decode()
    assert "BIAS_LR_FACTOR: 2.0" in settings


@pytest.fixture
def no_pictures(monkeypatch):
    """Neither curves.png nor pictures for the viewers, which take longer than the training."""
    monkeypatch.setattr(build, "FILES", (ResultsTable,))
    monkeypatch.setattr(Pictures, "attach", lambda self, trainer: None)


@pytest.mark.parametrize("number", [3, 8])
def test_tensorboard_continues_where_a_run_was_stopped(
    train, events, tmp_path, monkeypatch, no_pictures, number
):
    """Before the first line of the log, and in the last step of an epoch."""
    calls, step = iter(range(1, 100)), TrainStep.__call__

    def stopping(self, *args):
        if next(calls) == number:
            os.kill(os.getpid(), signal.SIGTERM)
        return step(self, *args)

    with monkeypatch.context() as patch:
        patch.setattr(TrainStep, "__call__", stopping)
        train(tmp_path, *WORDS, "tensorboard")
    train(tmp_path, *WORDS, "tensorboard", resume=True)
    assert len(list(tmp_path.glob("events.out.tfevents.*"))) == 2
    assert_whole(events(tmp_path), tmp_path)


def test_what_was_written_after_the_last_save_is_not_there_twice(
    train, events, tmp_path, monkeypatch, no_pictures
):
    """The process dies after an evaluation: last.pth is from before it, so that it is repeated."""

    def dying(self, trainer):
        @trainer.on(TrainingEvents.EVALUATED)
        def die(engine):
            raise MemoryError("killed")

    with monkeypatch.context() as patch, pytest.raises(MemoryError):
        patch.setattr(Pictures, "attach", dying)
        train(tmp_path, *WORDS, "tensorboard")
    assert [step for step, _ in points(events(tmp_path), "validation/mAP")] == [8], "it was written"
    train(tmp_path, *WORDS, "tensorboard", resume=True)
    assert_whole(events(tmp_path), tmp_path)


def test_a_viewer_that_comes_later_is_told_everything(train, events, tmp_path, no_pictures):
    train(tmp_path, "SOLVER.LOG_PERIOD", "5", "SOLVER.MAX_EPOCHS", "1")
    assert not list(tmp_path.glob("events*"))
    train(tmp_path, *WORDS, "tensorboard", resume=True)
    assert_whole(events(tmp_path), tmp_path)


class Told(Viewer):
    """Fails as often as it is told to, then keeps what it is given."""

    package, fail, given, closed = "told", 0, [], 0

    def open(self, name):
        if name == "broken":
            raise OSError(113, "No route to host")
        return name or "seven"

    def add_scalars(self, measured):
        if Told.fail:
            Told.fail -= 1
            raise OSError(113, "No route to host")
        Told.given.append((measured.iteration, *tagged(measured)))

    def add_picture(self, picture):
        Told.given.append((picture.iteration, picture.name, picture.pixels.shape[2]))

    def close(self):
        Told.closed += 1


@pytest.fixture
def told(monkeypatch):
    """A viewer of the tests, and what it was given."""
    monkeypatch.setitem(build.WRITERS, "told", Told)
    monkeypatch.setattr(Told, "given", [])
    monkeypatch.setattr(Told, "closed", 0)
    return Told


def test_a_viewer_that_fails_ends_no_training_and_gets_it_later(
    train, told, tmp_path, caplog_loguru, monkeypatch
):
    monkeypatch.setattr(told, "fail", 2)
    train(tmp_path, *WORDS, "told")
    steps = defaultdict(list)
    for step, first, *_ in told.given:
        steps[first.partition("/")[0] if "picture" not in first else first].append(step)
    assert steps["training"] == [0, *LINES] and told.closed == 1
    assert [step for step, first, *_ in told.given if first == "validation/mAP"] == EVALUATIONS
    warnings = [line for line in caplog_loguru if "LOG.WRITERS told" in line]
    assert len(warnings) == 1 and "No route to host; the training goes on" in warnings[0]


def test_a_viewer_that_cannot_begin_ends_it_before_it_starts(train, told, tmp_path, monkeypatch, no_pictures):
    monkeypatch.setattr(build.Writers, "state_dict", lambda self: {"told": "broken"})
    train(tmp_path, *WORDS, "told", "SOLVER.MAX_EPOCHS", "1")
    told.given.clear()
    with pytest.raises(InputError, match="LOG.WRITERS told: .*No route to host; to train without it, leave"):
        train(tmp_path, *WORDS, "told", resume=True)
    assert not told.given and told.closed == 1, "what did not open is not closed"


def wandb_history(folder) -> list[dict[str, str]]:
    """The rows of the newest file that wandb writes offline: a log of LevelDB, in blocks of 32 KiB."""
    from wandb.proto.wandb_internal_pb2 import Record

    file = max(folder.glob("wandb/offline-run-*/run-*.wandb"), key=lambda path: path.stat().st_mtime_ns)
    data, place, piece, rows = file.read_bytes(), 7, b"", []
    while place < len(data):
        left = 32768 - place % 32768
        if left < 7:
            place += left
            continue
        _, length, kind = struct.unpack("<IHB", data[place : place + 7])
        piece += data[place + 7 : place + 7 + length]
        place += 7 + length
        if kind in (1, 4):  # whole, or the last of several pieces
            record = Record()
            record.ParseFromString(piece)
            rows.append(
                {
                    item.nested_key[0] if item.nested_key else item.key: item.value_json
                    for item in record.history.item
                }
            )
            piece = b""
    return [row for row in rows if row]


def test_wandb_offline(train, tmp_path, monkeypatch):
    pytest.importorskip("wandb", reason="pip install -r requirements-watch.txt")
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setenv("WANDB_SILENT", "true")
    train(tmp_path, *WORDS, "wandb", "SOLVER.MAX_EPOCHS", "1")
    train(tmp_path, *WORDS, "wandb", resume=True)
    runs = {path.name.rpartition("-")[2] for path in tmp_path.glob("wandb/offline-run-*")}
    assert len(runs) == 1, "the same run"
    rows = wandb_history(tmp_path)
    for tag, steps in (("training/loss", LINES), ("validation/mAP", EVALUATIONS)):
        assert [int(row["iteration"]) for row in rows if tag in row] == steps, tag
    found = [float(row["validation/mAP"]) for row in rows if "validation/mAP" in row]
    assert found == pytest.approx(table(tmp_path)["mAP"], abs=1e-5)
    assert [float(row["epoch"]) for row in rows if "training/loss" in row] == [0.625, 1, 1.625, 2]
    pictures = [path.name for path in tmp_path.glob("wandb/offline-run-*/files/media/images/*/*.png")]
    assert sorted(name.partition("_")[0] for name in pictures) == ["batch", "worst", "worst"]


def test_wandb_without_a_login_is_refused_in_one_line(command, tiny, tmp_path):
    pytest.importorskip("wandb", reason="pip install -r requirements-watch.txt")
    nobody = {"WANDB_MODE": "online", "WANDB_API_KEY": "", "HOME": str(tmp_path / "home")}
    done = command("tools/train.py", *tiny, "--IMS_PER_BATCH", "16", "LOG.WRITERS", "wandb", env=nobody)
    assert_refused(done, "nobody is logged in to Weights & Biases; run wandb login")


def test_mlflow_in_a_folder(train, tmp_path, monkeypatch):
    mlflow = pytest.importorskip("mlflow", reason="pip install -r requirements-watch.txt")
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", (tmp_path / "mlruns").as_uri())
    train(tmp_path / "run", *WORDS, "mlflow", "SOLVER.MAX_EPOCHS", "1")
    train(tmp_path / "run", *WORDS, "mlflow", resume=True)
    client = mlflow.MlflowClient()
    (experiment,) = [e for e in client.search_experiments() if e.name == "reid"]
    (run,) = client.search_runs([experiment.experiment_id])
    assert run.info.run_name == "run" and run.data.params["SOLVER.IMS_PER_BATCH"] == "16"
    for tag, steps in (("training/loss", LINES), ("validation/mAP", EVALUATIONS)):
        history = client.get_metric_history(run.info.run_id, tag)
        assert [point.step for point in history] == steps, tag
    assert [point.value for point in history] == pytest.approx(table(tmp_path / "run")["mAP"], abs=1e-5)
    files = [file.path for file in client.list_artifacts(run.info.run_id, "validation")]
    assert files == ["validation/worst_queries-16.png", "validation/worst_queries-8.png"]


def hide(package: str) -> None:
    sys.modules[package] = None  # as if it were not installed


@pytest.mark.parametrize("name", build.WRITERS)
def test_a_package_that_is_not_there_is_named_at_once(command, tiny, tmp_path, name):
    words = ["--IMS_PER_BATCH", "16", "LOG.WRITERS", f"[{name}]"]
    done = command("tools/train.py", *tiny, *words, before=partial(hide, name))
    assert_refused(done, f"LOG.WRITERS {name} needs the package {name}: pip install {name}")
    assert "loaded" not in done.stdout and not list(tmp_path.iterdir()), "before anything is read"


def test_names_of_viewers(command, tiny):
    refused = command("tools/train.py", *tiny, "LOG.WRITERS", "[tensorbord]")
    assert_refused(refused, "LOG.WRITERS: unknown 'tensorbord' (did you mean tensorboard?)")
