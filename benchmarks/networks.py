"""Trained networks and their exported files side by side: size, speed and mAP."""

import statistics
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import torch
from torch import nn
from yacs.config import CfgNode

from data import make_val_loader
from data.datasets import ReidDataset
from engine import evaluate
from engine.exported import ExportedNetwork
from utils.device import autocast, network_dtype

from .machine import machine
from .rates import Clock

BATCHES = (1, 32)
ROUNDS = 5  # whose median counts
LEAST = 0.05  # seconds of a measurement, for which a piece of work is repeated


class Entry(NamedTuple):
    """A network to measure."""

    name: str
    cfg: CfgNode  # the settings, as it wants them
    network: nn.Module
    files: Sequence[Path]  # that hold it


class Row(NamedTuple):
    """What was measured."""

    name: str
    size: int  # of its files [bytes]
    latencies: list[float]  # at each of BATCHES [s]
    mean_ap: float | None  # 0..1; None: not measured


def measure(entries: Sequence[Entry], device: torch.device, dataset: ReidDataset | None) -> list[Row]:
    """Size, speed and mAP of networks; the speeds in turns.

    Args:
        entries: the networks.
        device: to compute on.
        dataset: to test them on; None: there is none.
    """
    latencies = [_latencies(entries, batch, device) for batch in BATCHES]
    return [
        Row(
            entry.name,
            sum(file.stat().st_size for file in entry.files),
            list(seconds),
            None if dataset is None else _mean_ap(entry, dataset, device),
        )
        for entry, *seconds in zip(entries, *latencies, strict=True)
    ]


def table(rows: Sequence[Row], device: torch.device) -> str:
    """The rows as Markdown."""
    heads = [f"batch {batch}" for batch in BATCHES]
    lines = [f"| | size | {' | '.join(heads)} | mAP |", f"|{'---|' * (len(heads) + 3)}"]
    for row in rows:
        times = " | ".join(f"{1000 * seconds:.1f} ms" for seconds in row.latencies)
        mean_ap = "" if row.mean_ap is None else f"{row.mean_ap:.1%}"
        lines.append(f"| {row.name} | {row.size / 1e6:.2f} MB | {times} | {mean_ap} |")
    return "\n".join([machine(device), "", *lines])


def _latencies(entries: Sequence[Entry], batch: int, device: torch.device) -> list[float]:
    """Median seconds of each network for a batch."""
    works = [_work(entry, batch, device) for entry in entries]
    clock = Clock(device)
    times = []
    for work in works:
        work()  # the first one may prepare something
        times.append(max(1, round(LEAST / max(clock.time(work, 1), 1e-6))))
    turns = [[clock.time(work, n) for work, n in zip(works, times, strict=True)] for _ in range(ROUNDS)]
    return [statistics.median(seconds) for seconds in zip(*turns, strict=True)]


def _work(entry: Entry, batch: int, device: torch.device) -> Callable[[], object]:
    """What computes a batch from the network's own input."""
    network = entry.network.eval()
    images = torch.rand(batch, 3, *entry.cfg.INPUT.SIZE_TEST, device=device)
    if isinstance(network, ExportedNetwork):
        prepared = network.prepared(images)
        return lambda: network.run(prepared)
    amp = entry.cfg.SOLVER.AMP
    images = images.to(network_dtype(device, amp), memory_format=torch.channels_last)

    @torch.inference_mode()
    def compute() -> None:
        with autocast(device, amp):
            network(images)

    return compute


def _mean_ap(entry: Entry, dataset: ReidDataset, device: torch.device) -> float:
    loader = make_val_loader(entry.cfg, dataset, device)
    return evaluate(entry.cfg, entry.network, loader, len(dataset.query)).metrics.mAP
