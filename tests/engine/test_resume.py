"""A training that is stopped and resumed ends with the weights, bit for bit, of one that is not."""

import os
import re
import signal
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from filelock import FileLock

from engine import load_state
from engine.run import Run
from engine.run_state import RunState
from engine.step import TrainStep
from modeling import build_model, load_weights
from utils.checkpoint_file import save_atomically
from utils.errors import InputError

LENGTH = 8  # of an epoch of the tiny data set, in PK batches of 16; two epochs are trained


@pytest.fixture
def stop_at(monkeypatch):
    """Send this process a SIGTERM in the middle of a step, counted from now."""
    whole = TrainStep.__call__

    def arrange(number: int) -> None:
        calls = iter(range(1, 1000))

        def step(self, *args):
            if next(calls) == number:
                os.kill(os.getpid(), signal.SIGTERM)
            return whole(self, *args)

        monkeypatch.setattr(TrainStep, "__call__", step)

    return arrange


def assert_equal(a: dict, b: dict, path: str = "") -> None:
    """All tensors and values of two states are equal, bit for bit."""
    assert a.keys() == b.keys(), path
    for key, value in a.items():
        if isinstance(value, dict):
            assert_equal(value, b[key], f"{path}{key}.")
        elif isinstance(value, torch.Tensor):
            assert torch.equal(value, b[key]), f"{path}{key}"
        elif key == "measured":
            assert [*map(without_clock, value)] == [*map(without_clock, b[key])]
        elif key not in ("settings", "python", "numpy"):
            assert value == b[key], f"{path}{key}"


def without_clock(measured: tuple) -> tuple:
    """What an event carried, but for what depends on the machine."""
    *place, metrics = measured
    return *place, {name: x for name, x in metrics.items() if name not in ("images_per_s", "memory_GB")}


RECIPES = {
    "plain": [],
    "all": [
        *["SOLVER.GRAD_ACCUM", "3", "SOLVER.EMA", "0.9", "--IF_WITH_CENTER", "yes", "SOLVER.LOG_PERIOD", "5"],
        *["INPUT.AUTOAUG", "randaugment", "INPUT.AUTOAUG_PROB", "0.5", "SOLVER.SKIP_BAD_STEPS", "2"],
        *["SOLVER.CLIP_GRAD_NORM", "5", "--freeze", "--freeze_epoch", "1"],
    ],
    "schedules": [
        *["SOLVER.SCHEDULE", "cosine", "SOLVER.WARMUP_BY", "iteration", "SOLVER.WARMUP_ITERS", "5"],
        *["SOLVER.LAYER_DECAY", "0.5", "DATALOADER.SAMPLER", "camera_balanced", "SOLVER.GRAD_ACCUM", "2"],
        *["MODEL.ID_LOSS_TYPE", "circle_softmax", "MODEL.METRIC_LOSS_TYPE", "multi_similarity"],
        *["--IF_WITH_CENTER", "yes", "SOLVER.LOG_PERIOD", "3"],
        *["INPUT.FIRST_EPOCHS", "1", "INPUT.SIZE_FIRST", "[32,32]"],
    ],
    "network": [
        *[
            "--model_name",
            "resnet18",
            "MODEL.NON_LOCAL",
            "yes",
            "MODEL.HEAD",
            "parts",
            "MODEL.POOLING",
            "gem",
        ],
        *["MODEL.EMBEDDING_DIM", "64"],
        *["SOLVER.GRAD_ACCUM", "2", "SOLVER.EMA", "0.9", "SOLVER.MAX_EPOCHS", "1"],
    ],
    "distillation": ["--kd", "KD.TEACHER_FEATURES", "features.npz", "SOLVER.EMA", "0.9"],
    "workers": [
        *["DATALOADER.CACHE", "none", "DATALOADER.NUM_WORKERS", "1", "SOLVER.OPTIMIZER_NAME", "SGD"],
        *["DATALOADER.SAMPLER", "softmax", "MODEL.METRIC_LOSS_TYPE", "none", "SOLVER.EVAL_PERIOD", "9"],
    ],
}


@pytest.mark.parametrize("recipe", RECIPES)
def test_stopped_at_any_iteration_and_resumed(train, stop_at, tmp_path, monkeypatch, tiny_root, recipe):
    monkeypatch.chdir(tmp_path)
    names = [path.name for path in (tiny_root / "synthetic" / "bounding_box_train").glob("*.jpg")]
    rng = np.random.default_rng(0)
    np.savez("features.npz", names=names, features=rng.normal(size=(len(names), 6)))
    words = RECIPES[recipe]
    training = train(tmp_path / "whole", *words)
    assert len(training.train_loader) == LENGTH + (recipe == "workers")
    whole = training.model.state_dict()
    expected = load_state(tmp_path / "whole")
    for number in {
        "plain": (1, LENGTH, 2 * LENGTH),
        "all": (5, LENGTH + 2),
        "schedules": (3, LENGTH + 2),
        "network": (5,),
        "distillation": (LENGTH + 3,),
        "workers": (LENGTH + 3,),
    }[recipe]:
        folder = tmp_path / str(number)
        stop_at(number)
        stopped = train(folder, *words).model
        assert load_state(folder)["iteration"] >= number
        if number < 2 * LENGTH:
            assert not torch.equal(stopped.bottleneck.running_mean, whole["bottleneck.running_mean"])
        assert_equal(train(folder, *words, resume=True).model.state_dict(), whole)
        state = load_state(folder)
        assert_equal(state, expected)
        assert {p.name for p in folder.glob("mAP*")} == {p.name for p in (tmp_path / "whole").glob("mAP*")}


def test_a_state_of_another_version_is_refused(train, stop_at, tmp_path):
    stop_at(2)
    train(tmp_path)
    state = torch.load(tmp_path / "last.pth", weights_only=False)
    del state["meter"]
    save_atomically(state, tmp_path / "last.pth")
    with pytest.raises(InputError, match="lacks meter: another version of this program saved"):
        train(tmp_path, resume=True)


def test_another_teacher_is_refused(train, stop_at, tmp_path, tiny_root):
    names = [path.name for path in (tiny_root / "synthetic" / "bounding_box_train").glob("*.jpg")]
    features = np.random.default_rng(0).normal(size=(len(names), 6)).astype(np.float32)
    words = ["--kd", "KD.TEACHER_FEATURES", str(tmp_path / "features.npz")]
    np.savez(tmp_path / "features.npz", names=names, features=features)
    stop_at(2)
    train(tmp_path / "run", *words)
    np.savez(tmp_path / "features.npz", names=names, features=features + (features > 2) / 100)
    with pytest.raises(InputError, match="the teacher is not the one that this run began with"):
        train(tmp_path / "run", *words, resume=True)
    np.savez(tmp_path / "features.npz", names=names[::-1], features=features[::-1])
    train(tmp_path / "run", *words, resume=True)


def test_the_first_epochs_have_small_images_also_when_resumed(train, stop_at, tmp_path, monkeypatch):
    seen, update = [], Run.update

    def watched(run, engine, batch):
        seen.append([*batch.images.shape[2:]])
        return update(run, engine, batch)

    monkeypatch.setattr(Run, "update", watched)
    words = ["INPUT.FIRST_EPOCHS", "1", "INPUT.SIZE_FIRST", "[32,32]"]
    for stop in (3, LENGTH + 2):
        seen.clear()
        stop_at(stop)
        full = train(tmp_path / str(stop), *words).cfg.INPUT.SIZE_TRAIN
        sizes = [[32, 32]] * LENGTH + [full] * LENGTH
        assert full != [32, 32] and seen == sizes[:stop]
        train(tmp_path / str(stop), *words, resume=True)
        assert seen == sizes


def test_a_signal_during_an_evaluation_stops_at_once_and_it_is_done_again(
    train, tmp_path, monkeypatch, caplog_loguru
):
    def interrupted(*_):
        os.kill(os.getpid(), signal.SIGINT)
        raise AssertionError("the signal ends the evaluation")

    with monkeypatch.context() as patch:
        patch.setattr("engine.run.evaluate", interrupted)
        train(tmp_path)
    assert "Stopped in epoch 1, iteration 8. Resume with: python tools/train.py --resume" in caplog_loguru[-1]
    assert not list(tmp_path.glob("mAP*"))
    caplog_loguru.clear()
    train(tmp_path, resume=True)
    text = "".join(caplog_loguru)
    assert re.findall(r"Results - Epoch: (\d)|(\d) done", text) == [("1", ""), ("", "2"), ("2", "")]


def test_the_second_ctrl_c_ends_at_once(train, tmp_path, monkeypatch):
    def twice(*_):
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)
        raise AssertionError("not reached")

    monkeypatch.setattr(TrainStep, "__call__", twice)
    before = signal.getsignal(signal.SIGINT)  # a shell's background jobs ignore it
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path)
    assert signal.getsignal(signal.SIGINT) is before, "put back"


def test_more_epochs_and_another_evaluation_period_may_be_asked_for(train, tmp_path, caplog_loguru):
    long = train(tmp_path / "long", "SOLVER.MAX_EPOCHS", "3", "SOLVER.EVAL_PERIOD", "9").model.state_dict()
    train(tmp_path / "short", "SOLVER.EVAL_PERIOD", "9")
    caplog_loguru.clear()
    train(tmp_path / "short", resume=True)
    assert "Nothing is left to train after epoch 2" in caplog_loguru[-1]
    words = ["SOLVER.MAX_EPOCHS", "3", "SOLVER.EVAL_PERIOD", "1"]
    assert_equal(train(tmp_path / "short", *words, resume=True).model.state_dict(), long)


def damage(file, how: str) -> None:
    content = bytearray(file.read_bytes())
    if how == "cut short":
        content = content[: len(content) // 2]
    elif how == "one bit":
        content[len(content) // 2] ^= 1
    file.write_bytes(b"" if how == "empty" else content)


@pytest.mark.parametrize("how", ["cut short", "one bit", "empty", "gone"])
def test_a_damaged_last_falls_back_to_the_one_before(tmp_path, caplog_loguru, how):
    last, previous = tmp_path / "last.pth", tmp_path / "last.previous.pth"
    for iteration in (1, 2, 3):
        state = {"settings": "", "random": {}, "iteration": iteration, "model": torch.randn(1000)}
        save_atomically(state, last, previous)
    assert load_state(tmp_path)["iteration"] == load_state(last)["iteration"] == 3
    caplog_loguru.clear()
    if how == "gone":
        last.unlink()
    else:
        damage(last, how)
    assert load_state(tmp_path)["iteration"] == 2
    assert ("trying the one before" in caplog_loguru[0]) == (how != "gone")
    damage(previous, "cut short")
    with pytest.raises(InputError, match="no intact last.pth to resume from"):
        load_state(tmp_path)


def test_other_training_images_are_refused_and_the_settings_stay(train, stop_at, tmp_path, monkeypatch):
    stop_at(2)
    train(tmp_path)
    (tmp_path / "config.yml").write_text("as it was")
    monkeypatch.setattr("data.images.ImageDataset.digest", lambda self: "other")
    with pytest.raises(InputError, match="not those that this run began with"):
        train(tmp_path, resume=True)
    assert (tmp_path / "config.yml").read_text() == "as it was"
    monkeypatch.undo()
    train(tmp_path, "SOLVER.LOG_PERIOD", "3", resume=True)
    assert "LOG_PERIOD: 3\n" in (tmp_path / "config.yml").read_text()


def test_two_processes_cannot_train_one_run(train, stop_at, tmp_path):
    stop_at(2)
    train(tmp_path)
    (tmp_path / "config.yml").write_text("as it was")
    with FileLock(tmp_path / ".lock"), pytest.raises(InputError, match="another process is training"):
        train(tmp_path, resume=True)
    assert (tmp_path / "config.yml").read_text() == "as it was"


def test_a_process_without_a_folder_also_counts_the_time_from_each_save():
    """Otherwise, once a save is due, it would stop at every step for one that it does not write."""
    run = RunState(None, {}, "", None, None)
    run._saved_at -= 3600
    assert run.minutes_since_save() == pytest.approx(60, abs=1)
    run.save()
    assert run.minutes_since_save() < 1


@pytest.mark.parametrize("accum, expected", [(1, [5, 10, 15, 16]), (4, [8, 12, 16]), (7, [7, 14, 16])])
def test_processes_ask_for_a_signal_at_the_first_step_after_a_line(load, monkeypatch, accum, expected):
    """Log lines come after 5, 10, 15 and 16 of 16 batches; steps of the optimizer after ``accum``."""
    monkeypatch.setattr("ignite.distributed.get_world_size", lambda: 2)
    cfg = load("SOLVER.LOG_PERIOD", "5", "SOLVER.GRAD_ACCUM", str(accum), "SOLVER.SAVE_EVERY_MINUTES", "0")
    asked = []
    for iteration in range(1, 17):
        state = SimpleNamespace(iteration=iteration, epoch_length=16)
        step = SimpleNamespace(complete=iteration % accum == 0 or iteration == 16)
        interrupt = SimpleNamespace(wished=lambda now=iteration: asked.append(now))
        run = SimpleNamespace(cfg=cfg, step=step, interrupt=interrupt)
        Run.save_or_stop(run, SimpleNamespace(state=state))
    assert asked == expected


def test_weights_without_a_state_are_not_a_run(tmp_path):
    torch.save({"weight": torch.ones(2)}, tmp_path / "mAP50.0.pth")
    with pytest.raises(InputError, match="no state to resume from.*--pretrain_choice self"):
        load_state(tmp_path / "mAP50.0.pth")


def test_training_and_testing_can_start_from_the_weights_in_last(train, load, quick, tmp_path):
    model = train(tmp_path / "plain").model
    cfg = load(*quick)
    other = build_model(cfg, 16)
    report = load_weights(other, tmp_path / "plain" / "last.pth", complete=True)
    assert report.matched == report.total == len(model.state_dict())
    assert_equal(other.state_dict(), model.state_dict())
    train(tmp_path / "average", "SOLVER.EMA", "0.9")
    load_weights(other, tmp_path / "average" / "last.pth", complete=True)
    assert_equal(other.state_dict(), load_state(tmp_path / "average")["ema"])
