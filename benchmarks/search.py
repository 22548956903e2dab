"""Indexing a video, against its two networks alone and against a plain search."""

import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch

from search.detectors import Detector, make_detector
from search.embedder import BATCH, Embedder, make_embedder
from search.gallery import VideoRow, open_gallery
from search.indexing import Indexer
from search.tracker import Tracker
from search.video import Frame, open_video
from utils.memory import peak_memory

from .machine import machine
from .plain_search import plain_search


def measure(path: str, detector: str, weights: str, device: torch.device, rounds: int) -> dict:
    """Frames per second, in turns, of what is compared; medians over the turns.

    Args:
        path: of a video file.
        detector: name or file.
        weights: file of the network that compares people.
        device: to compute on.
        rounds: turns.
    """
    find, embed = make_detector(detector), make_embedder(weights, device)
    with open_video(path) as video:
        frames, rate = list(video.frames()), video.frame_rate
    seconds: dict[str, list[float]] = {}
    turns: dict[str, Callable[[], object]] = {
        "index": partial(_index, path, rate, find, embed),
        "decode": partial(_decode, path),
        "detect": partial(_detect, find, frames),
        "plain": lambda: plain_search(path, find, Tracker("bytetrack", rate), embed),
    }
    crops = _Counting(embed)
    _index(path, rate, find, crops)
    turns["embed"] = partial(_embed, embed, crops.pictures)
    for _ in range(rounds):
        for name, turn in turns.items():
            begin = time.perf_counter()
            found = turn()
            seconds.setdefault(name, []).append(time.perf_counter() - begin)
            if name == "plain":
                detections = found[1]
    networks = [a + b for a, b in zip(seconds["detect"], seconds["embed"], strict=True)]
    return {
        "machine": machine(device),
        "video": Path(path).name,
        "frames": len(frames),
        "size": list(frames[0].image.shape[1::-1]),
        "detector": find.name,
        "weights": embed.weights.name,
        "detections": detections,
        "embedded": len(crops.pictures),
        **{f"{name}_frames_per_s": len(frames) / statistics.median(times) for name, times in seconds.items()},
        "besides_networks": statistics.median(
            1 - net / all_ for net, all_ in zip(networks, seconds["index"], strict=True)
        ),
        "over_plain": statistics.median(
            plain / ours for plain, ours in zip(seconds["plain"], seconds["index"], strict=True)
        ),
        "peak_memory_bytes": peak_memory(device),
    }


def table(report: dict) -> str:
    """The figures as Markdown."""
    width, height = report["size"]
    frames = report["frames"]

    def line(name: str, key: str, note: str = "") -> str:
        rate = report[f"{key}_frames_per_s"]
        return f"| {name} | {rate:.1f} | {1000 / rate:.1f} | {note} |"

    return "\n".join(
        [
            f"Machine: {report['machine']}",
            f"{report['video']}: {frames} frames of {width}×{height}; {report['detector']}; "
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
            f"Besides the two networks: {report['besides_networks']:.1%} of the time of indexing. "
            f"Peak memory: {report['peak_memory_bytes'] / 1e9:.2f} GB",
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


def _index(path: str, rate: float, detector: Detector, embedder: Embedder) -> None:
    with tempfile.TemporaryDirectory() as folder:
        with open_gallery(str(Path(folder) / "gallery.db"), embedder.weights, embedder.dim) as gallery:
            indexer = Indexer(gallery, detector, partial(Tracker, "bytetrack"), embedder)
            row = VideoRow("0" * 32, "video", "camera", None, detector.name)
            indexer.index(lambda start: open_video(path, start=start), row, rate)


def _decode(path: str) -> None:
    with open_video(path) as video:
        for _ in video.frames():
            pass


def _detect(detector: Detector, frames: list[Frame]) -> None:
    detector.reset()
    for first in range(0, len(frames), detector.batch):
        detector(frames[first : first + detector.batch])


def _embed(embedder: Embedder, pictures: list) -> None:
    for first in range(0, len(pictures), BATCH):
        embedder(pictures[first : first + BATCH])
