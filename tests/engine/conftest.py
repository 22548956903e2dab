"""Trainings as tools/train.py assembles and runs them."""

import pytest
import torch

from engine import Training, do_train, load_state, make_training
from utils.random_state import seed_everything
from utils.run_folder import RunFolder

CPU = torch.device("cpu")


@pytest.fixture
def assemble(load, quick):
    """A training of the tiny data set, in batches of 16 for 2 epochs unless the words say otherwise."""

    def make(*words) -> Training:
        cfg = load(*quick, "SOLVER.IMS_PER_BATCH", "16", "SOLVER.MAX_EPOCHS", "2", *words)
        seed_everything(cfg.SEED)
        return make_training(cfg, CPU)

    return make


@pytest.fixture
def train(assemble):
    """Assemble a training and run it in a folder; or resume the one that is there."""

    def run(folder, *words, resume=False) -> Training:
        training = assemble(*words)
        folder.mkdir(exist_ok=True)
        do_train(training, RunFolder(folder), load_state(folder) if resume else None)
        return training

    return run
