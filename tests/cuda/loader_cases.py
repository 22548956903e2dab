"""Batches on their way to the device, and whole trainings on them; name -> case(bench)."""

import torch

from engine import Training, do_train, load_state
from tests.cuda.bench import CUDA, TINY, Bench
from utils.run_folder import RunFolder

CACHES = ("none", "ram", "device")


def training(bench: Bench, cache: str, *words: str) -> Training:
    """A training with this cache, which holds its images where it should."""
    made = bench.training(*TINY, "DATALOADER.CACHE", cache, *words)
    cached = made.train_loader.dataset.cache
    assert (cached is None, bool(cached and cached.on_device)) == (cache == "none", cache == "device")
    return made


def load(cache: str):
    """An epoch of batches, in which the host must not wait for the device."""

    def run(bench: Bench) -> None:
        loader = training(bench, cache).train_loader
        loader.set_epoch(1)
        list(loader)  # the transform's constants are copied once
        loader.set_epoch(2)
        with bench.cuda.no_waiting():
            batches = list(loader)
        assert len(batches) > 1
        for batch in batches:
            assert all(tensor.device == CUDA for tensor in batch[:4])
            assert batch.images.is_contiguous(memory_format=torch.channels_last)

    return run


def whole(cache: str):
    """A training of one epoch with its evaluation and its files, resumed for another one."""

    def run(bench: Bench) -> None:
        folder = bench.folder / f"whole-{cache}"
        folder.mkdir()
        words = [
            *TINY,
            "DATALOADER.CACHE",
            cache,
            "TEST.IMS_PER_BATCH",
            "16",
            "SOLVER.EMA",
            "0.9",
            "SOLVER.MAX_EPOCHS",
        ]
        do_train(training(bench, cache, *words, "1"), RunFolder(folder))
        second = training(bench, cache, *words, "2")
        do_train(second, RunFolder(folder), load_state(folder))
        rows = (folder / "results.csv").read_text().splitlines()
        assert len(rows) == 3

    return run


CASES = {
    **{f"batches, cache {cache}": load(cache) for cache in CACHES},
    **{f"whole training, cache {cache}": whole(cache) for cache in CACHES},
}
