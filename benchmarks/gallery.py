"""A gallery of search/: how fast vectors are inserted and found, against a plain search by numpy."""

import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import psutil

from search.gallery import EVERYTHING, Gallery, Selection, VideoRow, open_gallery
from search.page import asking
from search.query import answers

from .machine import machine
from .tracklets import SEGMENT_ROWS, SIZE, WEIGHTS, made_up

CAMERAS = 5
TOP = 20
SETTLING = 60.0  # seconds in which a server loads and joins the files of what it has written


def measure(uri: str, vectors: int, dim: int, repeats: int) -> dict:
    """The figures of a new gallery, which is deleted in the end.

    Args:
        uri: address of a Milvus server; "": milvus-lite, in a temporary folder.
        vectors: how many to insert, each a tracklet of its own.
        dim: of each.
        repeats: searches, whose median counts.

    Raises:
        InputError: there is no such server.
    """
    with tempfile.TemporaryDirectory() as folder:
        place = f"{uri.rstrip('/')}/benchmark_{os.getpid()}" if uri else f"{folder}/gallery.db"
        with open_gallery(place, WEIGHTS, dim) as gallery:
            try:
                figures = measure_gallery(gallery, vectors, repeats)
            finally:
                for name in gallery.store.collections:
                    gallery.store.milvus.call("drop_collection", name)
    return {"machine": machine(), "gallery": "Milvus server" if uri else "milvus-lite", **figures}


def measure_gallery(gallery: Gallery, vectors: int, repeats: int) -> dict:
    """Insert into an empty gallery, and search it."""
    rng = np.random.default_rng(0)
    features = rng.standard_normal((vectors, gallery.dim), np.float32)
    features /= np.linalg.norm(features, axis=1, keepdims=True)
    cameras = np.arange(vectors) * CAMERAS // vectors
    memory = psutil.Process().memory_info().rss
    insert_seconds = insert(gallery, features, cameras)
    figures = {
        "vectors": vectors,
        "dim": gallery.dim,
        "insert_seconds": insert_seconds,
        "memory_bytes": psutil.Process().memory_info().rss - memory,
        "bytes_in_numpy": features.nbytes,
    }
    noise = rng.normal(scale=0.05, size=(repeats, gallery.dim))
    queries = (features[rng.integers(0, vectors, repeats)] + noise).astype(np.float32)
    settle(gallery)
    for name, where in (("search", EVERYTHING), ("filtered_search", Selection(cameras=("c0",)))):
        among = features[cameras == 0] if where.cameras else features  # the first ones
        gallery.search(queries[:1], TOP, where)  # the first waits for what was just written
        figures[name] = measure_search(partial(gallery.search, top=TOP, where=where), among, queries)
    figures["page_seconds"] = measure_page(gallery, queries)
    return figures


def settle(gallery: Gallery) -> None:
    """Let a server put away what was just written, as it does by itself minutes later, and search that."""
    if not gallery.store.milvus.is_local:
        gallery.store.milvus.call("flush", gallery.store.tracklets)
        time.sleep(SETTLING)


def measure_page(gallery: Gallery, queries: np.ndarray) -> float:
    """Median seconds from a person's vector to what the page is sent: the answers with their thumbnails."""

    def answer(query: np.ndarray) -> str:
        found = answers(gallery, query, asking.TOP)
        return json.dumps({"answers": [asking.shown(answer, threshold=None) for answer in found]})

    return _timed(answer, queries)[1]


def measure_search(search: Callable[[np.ndarray], Any], among: np.ndarray, queries: np.ndarray) -> dict:
    """Median seconds of a search, and of numpy's; and how many of numpy's nearest it finds."""
    found, seconds = _timed(lambda query: {hit.row.tracklet for hit in search(query)[0]}, queries)
    # Not in turn: numpy's threads stay awake for a while, on cores that the gallery would have.
    plain, plain_seconds = _timed(lambda query: np.argsort(-(among @ query))[:TOP], queries)
    recall = [len(a & {str(number) for number in b}) / len(b) for a, b in zip(found, plain, strict=True)]
    return {"seconds": seconds, "numpy_seconds": plain_seconds, "recall": statistics.mean(recall)}


def _timed(function: Callable[[np.ndarray], Any], queries: np.ndarray) -> tuple[list, float]:
    """What it returns for each query, and its median seconds."""
    results, seconds = [], []
    for query in queries:
        start = time.perf_counter()
        results.append(function(query))
        seconds.append(time.perf_counter() - start)
    return results, statistics.median(seconds)


def insert(gallery: Gallery, features: np.ndarray, cameras: np.ndarray) -> float:
    """Index a video for each camera; seconds of the gallery's part in it."""
    rng, seconds = np.random.default_rng(1), 0.0
    for camera in range(CAMERAS):
        video = VideoRow(f"v{camera}", f"v{camera}.mp4", f"c{camera}")
        numbers = np.flatnonzero(cameras == camera)
        gallery.begin_video(video)
        for segment, part in enumerate(np.array_split(numbers, max(1, len(numbers) // SEGMENT_ROWS))):
            rows = [made_up(video, segment, number, 60.0 * segment, features[number], rng) for number in part]
            start = time.perf_counter()
            gallery.add_segment(video.video, segment, rows)
            seconds += time.perf_counter() - start
        start = time.perf_counter()
        gallery.finish_video(video.video, 60.0)
        seconds += time.perf_counter() - start
    return seconds


def table(report: dict) -> str:
    """The figures as Markdown."""
    lines = [
        f"Machine: {report['machine']}",
        "",
        f"{report['gallery']}, {report['vectors']} vectors of {report['dim']}, each with {SIZE}",
        "",
        "| | time | numpy alone | recall |",
        "|---|---|---|---|",
        f"| insert | {report['insert_seconds']:.1f} s, "
        f"{report['vectors'] / report['insert_seconds']:.0f} vectors/s | | |",
    ]
    for name, label in (("search", "all"), ("filtered_search", f"one of {CAMERAS} cameras")):
        f = report[name]
        lines.append(
            f"| search {label}, top {TOP} | {1000 * f['seconds']:.1f} ms | "
            f"{1000 * f['numpy_seconds']:.1f} ms | {f['recall']:.4f} |"
        )
    lines += [
        f"| page's answer, top {asking.TOP}, with thumbnails | {1000 * report['page_seconds']:.1f} ms | | |",
        "",
        f"Memory of this process: {report['memory_bytes'] / 1e6:.0f} MB more than before; the vectors alone "
        f"are {report['bytes_in_numpy'] / 1e6:.0f} MB.",
    ]
    return "\n".join(lines)
