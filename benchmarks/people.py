"""Grouping the people of a gallery: time and memory, and whether the groups are right."""

import tempfile
import time
from collections.abc import Sequence

import numpy as np

from search.calibration import Calibration
from search.demo.pairwise import pairwise
from search.gallery import Gallery, VideoRow, open_gallery
from search.people import Grouping, group_people
from utils.memory import peak_memory

from .apart import apart
from .machine import CPU, machine
from .tracklets import SEGMENT_ROWS, SIZE, WEIGHTS, made_up

CAMERAS = 10
VISITS = 20  # of a person, each a tracklet
STYLES = 50  # clothes that people have in common
ALIKE = 0.35  # cosine of the vectors of two people in such clothes
NOISE = (0.4, 1.1)  # length of what is added to a person's vector of length 1, from and to
THRESHOLD = 0.45
BEGIN = 1.8e9  # of the videos [seconds since the epoch]


def measure(tracklets: Sequence[int], dim: int) -> dict:
    """The figures of new galleries in milvus-lite, which are deleted in the end.

    Args:
        tracklets: how many each gallery holds.
        dim: numbers of a vector.
    """
    return {
        "machine": machine(),
        "dim": dim,
        "sizes": {size: measure_one(size, dim) for size in sorted(map(int, tracklets))},
    }


def measure_one(tracklets: int, dim: int) -> dict:
    """Seconds of each stage, peak memory [bytes], and the agreement with the truth.

    The memory is that of grouping alone, as by a command of its own.
    """
    with tempfile.TemporaryDirectory() as folder:
        with open_gallery(f"{folder}/gallery.db", WEIGHTS, dim) as gallery:
            fill(gallery, _people(tracklets), np.random.default_rng(0))
        return apart(_group, f"{folder}/gallery.db", tracklets)


def _group(path: str, tracklets: int) -> dict:
    people, begun = _people(tracklets), {}
    with open_gallery(path) as gallery:
        outcome = group_people(
            gallery,
            Grouping(Calibration.fixed(THRESHOLD)),
            lambda stage: begun.update({stage: time.perf_counter()}),
        )
        times = [*begun.values(), time.perf_counter()]
        found = {member.tracklet: member.person for member in gallery.people.members()}
    score = pairwise(people.tolist(), [found[str(number)] for number in range(tracklets)])
    return {
        "seconds": dict(zip(begun, np.diff(times).tolist(), strict=True)),
        "peak_memory_bytes": peak_memory(CPU),
        "people": int(people[-1]) + 1,
        "found": outcome.people,
        "f1": score.f1,
    }


def _people(tracklets: int) -> np.ndarray:
    """Whose each tracklet is, (N,)."""
    return np.arange(tracklets) // VISITS


def fill(gallery: Gallery, people: np.ndarray, rng: np.random.Generator) -> None:
    """Put people's tracklets, one after the other past cameras of their choice, into a gallery."""
    visit = np.arange(len(people)) % VISITS
    start = BEGIN + 3600.0 * visit + rng.uniform(0, 3000, len(people))
    cameras = rng.integers(CAMERAS, size=len(people))
    vectors = draw(people, gallery.dim, rng)
    for camera in range(CAMERAS):
        video = VideoRow(f"v{camera}", f"v{camera}.mp4", f"c{camera}", BEGIN)
        gallery.begin_video(video)
        numbers = np.flatnonzero(cameras == camera)
        for segment, part in enumerate(np.array_split(numbers, len(numbers) // SEGMENT_ROWS + 1)):
            rows = [made_up(video, segment, number, start[number], vectors[number], rng) for number in part]
            gallery.add_segment(video.video, segment, rows)
        gallery.finish_video(video.video, 3600.0 * VISITS)


def draw(people: np.ndarray, dim: int, rng: np.random.Generator) -> np.ndarray:
    """A vector for each tracklet: what the clothes share, the person's own, and noise, (N, D) float32."""
    styles, own = (_unit(rng.standard_normal((count, dim), np.float32)) for count in (STYLES, people[-1] + 1))
    style = rng.integers(STYLES, size=len(own))
    own = ALIKE**0.5 * styles[style] + (1 - ALIKE) ** 0.5 * own
    noise = _unit(rng.standard_normal((len(people), dim), np.float32))
    noise *= rng.uniform(*NOISE, (len(people), 1)).astype(np.float32)
    return _unit(own[people] + noise)


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def table(report: dict) -> str:
    """The figures as Markdown."""
    lines = [
        f"Machine: {report['machine']}",
        "",
        f"milvus-lite, vectors of {report['dim']}, each with {SIZE}; each person is seen {VISITS} times by "
        f"{CAMERAS} cameras",
        "",
        "| tracklets | reading | comparing | writing | memory | people | found | pairwise F1 |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for size, f in report["sizes"].items():
        times = " | ".join(f"{f['seconds'][stage]:.1f} s" for stage in ("reading", "comparing", "writing"))
        lines.append(
            f"| {size} | {times} | {f['peak_memory_bytes'] / 1e9:.2f} GB | {f['people']} | {f['found']} | "
            f"{f['f1']:.4f} |"
        )
    return "\n".join(lines)
