"""Indexing a video, against its two networks alone and against a plain search."""

import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

import torch
from loguru import logger

from search.detectors import Detector, make_detector
from search.embedder import Embedder, make_embedder
from search.gallery import Gallery, VideoRow, open_gallery
from search.indexing import Indexer
from search.tracker import Tracker
from search.video import open_video
from utils.memory import peak_memory

from .apart import apart
from .longer import write_longer
from .machine import machine
from .plain_search import plain_search
from .search_stages import STAGES, measure_stages

NETWORKS = ("detect", "embed")
T = TypeVar("T")
ROW = VideoRow("0" * 32, "video", "camera")


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
    index = partial(_in_gallery, embed, partial(_index, path, rate, find, embed))
    index()  # the first is slower
    indexed, plain, stages = [], [], []
    for _ in range(rounds):
        indexed.append(_seconds(index))
        alone, counted = _in_gallery(embed, partial(measure_stages, path, find, embed, row=ROW))
        stages.append(alone)
        plain.append(_seconds(partial(plain_search, path, find, Tracker("bytetrack", rate), embed)))
    networks = [sum(alone[name] for name in NETWORKS) for alone in stages]

    def frame_rate(seconds: list[float]) -> float:
        return counted.frames / statistics.median(seconds)

    return {
        "machine": machine(device),
        "video": Path(path).name,
        "size": list(size),
        "detector": find.name,
        "weights": embed.weights.name,
        **counted._asdict(),
        "index_frames_per_s": frame_rate(indexed),
        "plain_frames_per_s": frame_rate(plain),
        **{f"{name}_frames_per_s": frame_rate([alone[name] for alone in stages]) for name in STAGES},
        "besides_networks": statistics.median(
            1 - net / whole for net, whole in zip(networks, indexed, strict=True)
        ),
        "over_plain": statistics.median(slow / ours for slow, ours in zip(plain, indexed, strict=True)),
        **_memory(path, detector, weights, device, times),
    }


def table(report: dict) -> str:
    """The figures as Markdown."""
    width, height = report["size"]

    def line(name: str, key: str, note: str = "") -> str:
        rate = report[f"{key}_frames_per_s"]
        return f"| {name} | {rate:.1f} | {1000 / rate:.2f} | {note} |"

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
            line("tracking alone", "track", "and choosing pictures"),
            line("network alone", "embed", f"on the {report['pictures']} pictures that are kept"),
            line("writing alone", "write", "thumbnails, and the gallery"),
            "",
            f"Besides the two networks: {report['besides_networks']:.1%} of the time of indexing. {memory}",
        ]
    )


def _memory(path: str, detector: str, weights: str, device: torch.device, times: int) -> dict:
    """The peaks of indexing the video, and one several times as long, each in a process of its own."""
    report = {"times": times, "peak_memory_bytes": apart(_peak, path, detector, weights, device)}
    if times > 1:
        with tempfile.TemporaryDirectory() as folder:
            longer = Path(folder) / f"longer{Path(path).suffix}"
            write_longer(path, longer, times)
            report["longer_peak_memory_bytes"] = apart(_peak, str(longer), detector, weights, device)
    return report


def _peak(path: str, detector: str, weights: str, device: torch.device) -> int:
    """The most memory that this process holds while it indexes a video [bytes]."""
    logger.remove()
    with open_video(path) as video:
        rate = video.frame_rate
    embed = make_embedder(weights, device)
    _in_gallery(embed, partial(_index, path, rate, make_detector(detector), embed))
    return peak_memory(device)


def _index(path: str, rate: float, detector: Detector, embedder: Embedder, gallery: Gallery) -> None:
    indexer = Indexer(gallery, detector, partial(Tracker, "bytetrack"), embedder)
    indexer.index(lambda start: open_video(path, start=start), ROW, rate)


def _in_gallery(embedder: Embedder, work: Callable[[Gallery], T]) -> T:
    """What is done with a new gallery, which is deleted in the end; its opening belongs to the work."""
    with tempfile.TemporaryDirectory() as folder:
        with open_gallery(str(Path(folder) / "gallery.db"), embedder.weights, embedder.dim) as gallery:
            return work(gallery)


def _seconds(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin
