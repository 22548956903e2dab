"""What the cases share: settings of the tiny data set, trainings, and where their tensors must lie."""

from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch.utils._pytree import tree_leaves

from config import load_cfg
from data.images import Batch
from engine import Training, make_training
from engine.run import Run
from modeling import build_model
from tests.conftest import TINY as TINY_DATA
from tests.conftest import synthetic_settings
from tests.cuda import missing_parts
from tests.cuda.pretended import PretendedCuda
from utils.device import network_dtype

CUDA = torch.device("cuda", 0)
TINY = [
    "--model_name",
    "tiny",
    "INPUT.SIZE_TRAIN",
    "[64,32]",
    "INPUT.SIZE_TEST",
    "[64,32]",
    "INPUT.PADDING",
    "4",
]
TINY += ["SOLVER.IMS_PER_BATCH", "16"]


@dataclass
class Bench:
    """Where the cases are run.

    Attributes:
        cuda: the pretended device, entered.
        data: a DATASETS.ROOT_DIR with the tiny synthetic data set.
        folder: for files.
    """

    cuda: PretendedCuda
    data: Path
    folder: Path

    def cfg(self, *words: str, command: str = "train"):
        """Settings of the tiny data set; the words that are given come last."""
        start = ["--pretrain_choice", "none"] if command == "train" else []
        data = [*synthetic_settings(self.data, TINY_DATA), "DATALOADER.CACHE", "none", "MODEL.DEVICE", "cuda"]
        return load_cfg([*start, *data, *words], command)

    def training(self, *words: str) -> Training:
        """A training on the pretended device."""
        return make_training(self.cfg(*words), CUDA)

    def train(self, *words: str, steps: int = 1, frozen: bool = False) -> Run:
        """Steps of a training, in which the host must not wait; counts the launches of the last one."""
        run = Run(self.training(*words), None)
        self.steps(run, steps, frozen)
        return run

    def steps(self, run: Run, number: int, frozen: bool = False) -> None:
        """Steps of a running training, as its trainer takes them."""
        training, state = run.training, run.trainer.state
        run.step.start_epoch(frozen=frozen)
        training.scheduler.step()
        state.epoch, state.epoch_length = 1, number
        for state.iteration in range(1, number + 1):
            batch = self.batch(training)
            self.cuda.launches.clear()
            with self.cuda.no_waiting():
                training.scheduler.step_iteration(state.iteration)
                run.update(run.trainer, batch)
                if run.ema:
                    run.ema.update(state.iteration)
        assert_on_cuda(run)

    def batch(self, training: Training) -> Batch:
        """A batch of the device, transformed for training."""
        cfg = training.cfg
        pids = torch.arange(cfg.SOLVER.IMS_PER_BATCH) // 4 % 16
        pids, camids, indices = torch.stack((pids, pids, pids)).to(CUDA)
        dtype = network_dtype(CUDA, cfg.SOLVER.AMP)
        images = training.train_loader.transform(uint8_images(len(pids), cfg.INPUT.SIZE_TRAIN), dtype)
        return Batch(images, pids, camids, indices, [])

    def teacher_network(self) -> Path:
        """Weights of a network for larger images, with their settings beside them."""
        folder = self.folder / "teacher"
        folder.mkdir(exist_ok=True)
        cfg = self.cfg(*TINY, "INPUT.SIZE_TRAIN", "[96,64]", "INPUT.SIZE_TEST", "[96,64]")
        (folder / "config.yml").write_text(cfg.dump())
        torch.save(build_model(cfg, 16).state_dict(), folder / "mAP50.0.pth")
        return folder / "mAP50.0.pth"

    def teacher_features(self) -> Path:
        """A file of features of the training images."""
        file = self.folder / "features.npz"
        names = [path.name for path in (self.data / "synthetic").rglob("*.jpg")]
        np.savez(file, names=names, features=np.ones((len(names), 24), np.float32))
        return file


def uint8_images(number: int, size) -> torch.Tensor:
    """Images of the device as a loader gives them: (number, 3, H, W) uint8, channels last."""
    return torch.zeros(number, *size, 3, dtype=torch.uint8, device=CUDA).permute(0, 3, 1, 2)


def assert_on_cuda(run: Run) -> None:
    """All that a training keeps from step to step lies on the device."""
    assert run.training.optimizer.state, "no step of the optimizer has been made"
    for name in ("model", "ema", "loss", "optimizer", "meter"):
        part = run.state.parts.get(name)
        for tensor in tree_leaves(dict(part.state_dict()) if part else None):
            on_cuda = not isinstance(tensor, torch.Tensor) or tensor.device == CUDA
            assert on_cuda, f"{tuple(tensor.shape)} of {name} on {tensor.device}"


@contextmanager
def without_bfloat16():
    """While it is entered, the device computes float16 but not bfloat16."""
    missing_parts.CAPABILITY[0] = (7, 5)
    try:
        yield
    finally:
        missing_parts.CAPABILITY[0] = (9, 0)
