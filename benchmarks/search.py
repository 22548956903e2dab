"""Indexing a video, against its two networks alone and against a plain search."""

import multiprocessing
import statistics
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import islice
from pathlib import Path

import torch
from loguru import logger

from search.detectors import Detector, make_detector
from search.embedder import BATCH, Embedder, make_embedder
from search.gallery import VideoRow, open_gallery
from search.indexing import Indexer
from search.tracker import Tracker
from search.video import open_video
from utils.memory import peak_memory

from .longer import write_longer
from .machine import machine
from .plain_search import plain_search


def measure(
    path: str, detector: str, weights: str, device: torch.device, rounds: int, times: int = 1
) -> dict:
    """Frames per second, in turns, of what is compared; medians over the turns. And the peak of the memory.

    Args:
        path: of a video file.
        detector: name or file.
        weights: file of the network that compares people.
        device: to compute on.
        rounds: turns.
        times: how many times as long a video is whose peak of the memory is compared.
    """
    find, embed = make_detector(detector), make_embedder(weights, device)
    with open_video(path) as video:
        size, rate = video.size, video.frame_rate
    frames, crops = _decode(path), _Counting(embed)
    _index(path, rate, find, crops)
    turns: dict[str, Callable[[], object]] = {
        "index": partial(_index, path, rate, find, embed),
        "decode": partial(_decode, path),
        "detect": partial(_detect, path, find),
        "embed": partial(_embed, embed, crops.pictures),
        "plain": lambda: plain_search(path, find, Tracker("bytetrack", rate), embed),
    }
    seconds: dict[str, list[float]] = {name: [] for name in turns}
    for _ in range(rounds):
        for name, turn in turns.items():
            begin = time.perf_counter()
            found = turn()
            whole = time.perf_counter() - begin
            seconds[name].append(found if name == "detect" else whole)
    networks = [a + b for a, b in zip(seconds["detect"], seconds["embed"], strict=True)]
    return {
        "machine": machine(device),
        "video": Path(path).name,
        "frames": frames,
        "size": list(size),
        "detector": find.name,
        "weights": embed.weights.name,
        "detections": found[1],
        "embedded": len(crops.pictures),
        **{f"{name}_frames_per_s": frames / statistics.median(some) for name, some in seconds.items()},
        "besides_networks": statistics.median(
            1 - net / all_ for net, all_ in zip(networks, seconds["index"], strict=True)
        ),
        "over_plain": statistics.median(
            plain / ours for plain, ours in zip(seconds["plain"], seconds["index"], strict=True)
        ),
        **_memory(path, detector, weights, device, times),
    }


def table(report: dict) -> str:
    """The figures as Markdown."""
    width, height = report["size"]

    def line(name: str, key: str, note: str = "") -> str:
        rate = report[f"{key}_frames_per_s"]
        return f"| {name} | {rate:.1f} | {1000 / rate:.1f} | {note} |"

    memory = f"Peak memory: {report['peak_memory_bytes'] / 1e9:.2f} GB"
    if report["times"] > 1:
        longer = report["longer_peak_memory_bytes"] / 1e9
        memory += f"; of a video {report['times']} times as long: {longer:.2f} GB"
    return "\n".join(
        [
            f"Machine: {report['machine']}",
            f"{report['video']}: {report['frames']} frames of {width}×{height}; {report['detector']}; "
            f"{report['weights']}",
            "",
            "| | frames/s | ms a frame | |",
            "|---|---|---|---|",
            line("indexing", "index", f"{report['over_plain']:.2f} times the plain search"),
            line("plain search", "plain", f"embeds all {report['detections']} detections"),
            line("decoding alone", "decode"),
            line("detector alone", "detect"),
            line("network alone", "embed", f"on the {report['embedded']} pictures that are kept"),
            "",
            f"Besides the two networks: {report['besides_networks']:.1%} of the time of indexing. {memory}",
        ]
    )


class _Counting:
    """An embedder that remembers its pictures."""

    def __init__(self, embedder: Embedder):
        self._embedder, self.dim, self.weights = embedder, embedder.dim, embedder.weights
        self.pictures: list = []

    def __call__(self, pictures):
        self.pictures += pictures
        return self._embedder(pictures)


def _memory(path: str, detector: str, weights: str, device: torch.device, times: int) -> dict:
    """The peaks of indexing the video, and one several times as long, each in a process of its own."""
    report = {"times": times, "peak_memory_bytes": _peak_of(path, detector, weights, device)}
    if times > 1:
        with tempfile.TemporaryDirectory() as folder:
            longer = Path(folder) / f"longer{Path(path).suffix}"
            write_longer(path, longer, times)
            report["longer_peak_memory_bytes"] = _peak_of(str(longer), detector, weights, device)
    return report


def _peak_of(*given: object) -> int:
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
        return process.submit(_peak, *given).result()


def _peak(path: str, detector: str, weights: str, device: torch.device) -> int:
    """The most memory that this process holds while it indexes a video [bytes]."""
    logger.remove()
    with open_video(path) as video:
        rate = video.frame_rate
    _index(path, rate, make_detector(detector), make_embedder(weights, device))
    return peak_memory(device)


def _index(path: str, rate: float, detector: Detector, embedder: Embedder) -> None:
    with tempfile.TemporaryDirectory() as folder:
        with open_gallery(str(Path(folder) / "gallery.db"), embedder.weights, embedder.dim) as gallery:
            indexer = Indexer(gallery, detector, partial(Tracker, "bytetrack"), embedder)
            row = VideoRow("0" * 32, "video", "camera", None, detector.name)
            indexer.index(lambda start: open_video(path, start=start), row, rate)


def _decode(path: str) -> int:
    """The number of frames."""
    with open_video(path) as video:
        return sum(1 for _ in video.frames())


def _detect(path: str, detector: Detector) -> float:
    """The seconds that the detector takes, and nothing beside it."""
    detector.reset()
    seconds = 0.0
    with open_video(path) as video:
        frames = video.frames()
        while batch := list(islice(frames, detector.batch)):
            begin = time.perf_counter()
            detector(batch)
            seconds += time.perf_counter() - begin
    return seconds


def _embed(embedder: Embedder, pictures: list) -> None:
    for first in range(0, len(pictures), BATCH):
        embedder(pictures[first : first + BATCH])
