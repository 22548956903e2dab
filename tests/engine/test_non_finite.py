"""A loss that is not finite: the run ends, or the step is skipped and nothing else changes."""

import re

import pytest
import torch
from torch import nn

from data import make_data_loader
from data.images import Batch
from engine import do_train
from engine.non_finite import LossWatch
from engine.step import TrainStep
from layers import ReidLoss
from utils.errors import InputError
from utils.run_folder import RunFolder


class Sometimes(ReidLoss):
    """A loss that is not finite in the calls of these numbers, from 1, its gradients included."""

    def make_bad(self, calls: set[int], value: float) -> None:
        self.bad, self.value, self.calls = calls, value, 0

    def parts(self, score, feat, target):
        self.calls += 1
        parts = super().parts(score, feat, target)
        if self.calls in self.bad:
            parts["id"] = parts["id"] * self.value
        return parts


@pytest.fixture
def spoiled(assemble):
    """Train an epoch in a folder, with a loss that is not finite in some steps; gives the network."""

    def train(folder, bad: set[int], *words, value: float = float("nan")) -> nn.Module:
        training = assemble("SOLVER.MAX_EPOCHS", "1", "SOLVER.EVAL_PERIOD", "9", *words)
        training.loss_fn.__class__ = Sometimes
        training.loss_fn.make_bad(bad, value)
        do_train(training, RunFolder(folder))
        return training.model

    return train


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_the_first_bad_loss_ends_the_run_and_names_its_images(spoiled, load, tiny, tmp_path, value):
    words = ["SOLVER.SAVE_EVERY_MINUTES", "1e-9"]
    with pytest.raises(InputError) as error:
        spoiled(tmp_path, {3}, *words, value=value)
    message = str(error.value)
    assert f"the loss is {value} in epoch 1, iteration 3" in message
    assert "BASE_LR" in message and "SOLVER.SKIP_BAD_STEPS" in message
    (listed,) = tmp_path.glob("bad-batch-*.txt")
    assert str(listed) in message
    cfg = load(*tiny, "SOLVER.IMS_PER_BATCH", "16")
    loader = make_data_loader(cfg)[0]
    loader.set_epoch(1)
    third = list(loader)[2]
    assert listed.read_text().splitlines() == [loader.dataset.records[i].path for i in third.indices.tolist()]
    state = torch.load(tmp_path / "last.pth", weights_only=True)
    assert state["iteration"] == 2, "what was saved before the bad step"
    assert all(tensor.isfinite().all() for tensor in state["model"].values())


@pytest.mark.parametrize("optimizer", ["Adam", "AdamW", "SGD"])
@pytest.mark.parametrize("bad", [{1}, {2, 3}])
def test_bad_steps_are_skipped_and_change_nothing(spoiled, tmp_path, caplog_loguru, optimizer, bad):
    words = ["SOLVER.SKIP_BAD_STEPS", "2", "SOLVER.OPTIMIZER_NAME", optimizer, "--IF_WITH_CENTER", "yes"]
    skipped = spoiled(tmp_path, bad, *words).state_dict()
    text = "".join(caplog_loguru)
    found = re.findall(r"its step is skipped \(\d of SOLVER.SKIP_BAD_STEPS 2\)", text)
    assert len(found) == len(bad)
    assert "Loss: nan" not in text, "the mean of the line's other batches"

    class WithoutThem(TrainStep):
        calls = 0

        def __call__(self, *args):
            WithoutThem.calls += 1
            if WithoutThem.calls in bad:
                return dict.fromkeys(
                    ("loss", "loss_id", "loss_metric", "loss_center", "accuracy"), torch.zeros(())
                )
            return super().__call__(*args)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("engine.run.TrainStep", WithoutThem)
        expected = spoiled(tmp_path, set(), *words).state_dict()
    for name, tensor in expected.items():
        assert torch.equal(tensor, skipped[name]), name


def test_a_bad_first_batch_leaves_the_centers_as_they_were_drawn(assemble):
    """Features that are not finite would stay in the centers of these people for ever."""
    training = assemble("SOLVER.SKIP_BAD_STEPS", "1", "SOLVER.AMP", "no", "--IF_WITH_CENTER", "yes")
    centers = training.loss_fn.center_loss.centers
    before, step = centers.clone(), TrainStep(training)
    step.start_epoch()
    images, target = torch.randn(4, 3, 64, 32), torch.tensor([0, 0, 1, 1])
    batch = Batch(images, target, target, torch.arange(4), [])
    step(batch._replace(images=images * float("nan")), left=2)
    assert torch.equal(centers, before)
    step(batch, left=1)
    assert centers.isfinite().all() and not torch.equal(centers, before)


def test_a_bad_batch_spoils_the_whole_step_that_it_is_part_of(spoiled, assemble, tmp_path):
    trained = spoiled(tmp_path, {2}, "SOLVER.SKIP_BAD_STEPS", "9", "SOLVER.GRAD_ACCUM", "8")
    fresh = assemble().model
    for (name, a), b in zip(trained.named_parameters(), fresh.parameters(), strict=True):
        assert torch.equal(a, b), name


def test_one_bad_step_too_many_ends_the_run(spoiled, tmp_path):
    with pytest.raises(InputError, match="in epoch 1, iteration 6"):
        spoiled(tmp_path, {2, 4, 6}, "SOLVER.SKIP_BAD_STEPS", "2")


def test_without_a_folder_the_first_images_are_named():
    watch = LossWatch(0, lambda i: f"{i}.jpg", None)
    watch.add(1, 1, torch.tensor(1.0), torch.arange(6))
    with pytest.raises(InputError, match="0.jpg, 1.jpg, 2.jpg, 3.jpg, …"):
        watch.add(1, 2, torch.tensor(float("nan")), torch.arange(6))


def test_on_a_gpu_a_loss_is_looked_at_when_it_is_there():
    if not torch.cuda.is_available():
        pytest.skip("needs a GPU")
    watch = LossWatch(0, lambda i: f"{i}.jpg", None)
    bad = torch.tensor(float("nan"), device="cuda")
    with pytest.raises(InputError, match="iteration 7"):
        watch.add(1, 7, bad, torch.arange(6, device="cuda"))
        watch.settle()
