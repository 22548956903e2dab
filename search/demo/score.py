"""How well people were tracked and found in the drawn videos, by their ground truth."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from scipy.optimize import linear_sum_assignment

from evaluation import GalleryIndex, RankMetrics, rank_queries
from evaluation.metrics import summarise
from utils.errors import InputError

from .ground_truth import GroundTruth, Track, read_ground_truth

_OVERLAP = 0.5  # IoU from which a box shows a person.
_VISIBLE = 0.25  # People of whom less is seen need not be tracked, and may be.
_AWAY = 2.0  # Seconds out of sight after which somebody who comes back is tracked anew.


class TrackingScore(NamedTuple):
    """How well people were tracked.

    IDF1 (Ristani et al., ECCVW 2016) is the share of the boxes with the right identity, MOTA (Bernardin and
    Stiefelhagen, 2008) 1 less the misses, false boxes and switches per person in a frame.
    """

    idf1: float  # 0..1
    mota: float  # at most 1
    recall: float  # share of the people's boxes that were found, 0..1
    precision: float  # share of the found boxes that show a person, 0..1
    switches: int  # how often a person's track became another


@dataclass(frozen=True)
class Answers:
    """What a query found.

    Attributes:
        person: Whom the query shows.
        camera: Name of the camera that it was taken by.
        tracks: Indices of the tracks that were found.
        scores: Their scores, larger = more alike.
    """

    person: int
    camera: str
    tracks: Sequence[int]
    scores: Sequence[float]


def score_tracking(folder: Path, tracks: Sequence[Track]) -> dict[str, TrackingScore]:
    """Compare tracks with the ground truth, by the metrics of `trackers.eval`.

    Args:
        folder: What `draw_videos` wrote.
        tracks: Of all cameras.

    Returns:
        The score for each camera's name, and for `all` of them.

    Raises:
        InputError: The ground truth cannot be read, or `trackers` is not installed.
    """
    try:
        from trackers import eval as metrics
    except ImportError:
        raise InputError(
            "to score tracks, trackers is needed: pip install -r requirements-search.txt"
        ) from None
    clear, identity, scores = [], [], {}
    for truth in read_ground_truth(folder):
        matches = _compare(truth, tracks)
        clear.append(metrics.compute_clear_metrics(*matches, threshold=_OVERLAP))
        identity.append(metrics.compute_identity_metrics(*matches, threshold=_OVERLAP))
        scores[truth.camera] = _score(clear[-1], identity[-1])
    every = metrics.aggregate_clear_metrics(clear), metrics.aggregate_identity_metrics(identity)
    return scores | {"all": _score(*every)}


def track_people(folder: Path, tracks: Sequence[Track]) -> list[int]:
    """Whom each track shows: the person whom most of its boxes overlap, 0 if not at least half of them do.

    Raises:
        InputError: The ground truth cannot be read.
    """
    votes, boxes = [Counter() for _ in tracks], Counter()
    for truth in read_ground_truth(folder):
        for rows, seen in zip(truth.rows(), truth.seen(tracks), strict=True):
            for index, box in seen:
                boxes[index] += 1
                overlaps = _iou(truth.boxes[rows], box[None])[:, 0]
                if overlaps.max(initial=0) >= _OVERLAP:
                    votes[index][int(truth.people[rows][overlaps.argmax()])] += 1
    first = [vote.most_common(1)[0] if vote else (0, 0) for vote in votes]
    return [person if 2 * count >= boxes[index] else 0 for index, (person, count) in enumerate(first)]


def score_queries(folder: Path, tracks: Sequence[Track], queries: Sequence[Answers]) -> RankMetrics:
    """How well queries found their people before other cameras (Zheng et al., ICCV 2015).

    A track of the query's person before the query's camera is left out; a query whose person has no track
    before another camera is not counted. A track that was not found ranks behind all that were.

    Args:
        folder: What `draw_videos` wrote.
        tracks: All that were searched.
        queries: What was found.

    Raises:
        InputError: The ground truth cannot be read, or no query has a match.
    """
    cameras = {name: number for number, name in enumerate(sorted({track.camera for track in tracks}))}
    lowest = min((score for query in queries for score in query.scores), default=0.0)
    scores = torch.full((len(queries), len(tracks)), float(lowest) - 1)
    for row, query in zip(scores, queries, strict=True):
        row[list(query.tracks)] = torch.tensor(list(query.scores), dtype=row.dtype)
    index = GalleryIndex(
        [query.person for query in queries],
        track_people(folder, tracks),
        [cameras.get(query.camera, -1) for query in queries],
        [cameras[track.camera] for track in tracks],
    )
    return summarise(rank_queries([scores], index))


def _compare(truth: GroundTruth, tracks: Sequence[Track]) -> tuple[list, list, list]:
    """For each frame the people's and the tracks' numbers and their overlaps, as the metrics take them."""
    numbers, people, found, overlaps = _visits(truth), [], [], []
    for rows, seen in zip(truth.rows(), truth.seen(tracks), strict=True):
        boxes = np.array([box for _, box in seen], dtype=float).reshape(-1, 4)
        iou = _iou(truth.boxes[rows], boxes)
        counts = truth.visibility[rows] >= _VISIBLE
        hidden = _of_hidden_people(iou, counts)
        people.append(numbers[rows][counts])
        found.append(np.array([index for index, _ in seen], dtype=int)[~hidden])
        overlaps.append(iou[counts][:, ~hidden])
    return people, found, overlaps


def _of_hidden_people(iou: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Which tracks show somebody who does not count, bool (tracks,); matched as in MOTChallenge."""
    hidden = np.zeros(iou.shape[1], dtype=bool)
    rows, columns = linear_sum_assignment(-np.where(iou >= _OVERLAP, iou, 0))
    matched = iou[rows, columns] >= _OVERLAP
    hidden[columns[matched & ~counts[rows]]] = True
    return hidden


def _visits(truth: GroundTruth) -> np.ndarray:
    """A number for each visit of each person, int64 (m,): nobody can know a track over an absence."""
    numbers, last, latest = np.zeros(len(truth.people), dtype=int), {}, 0
    for row, (person, frame) in enumerate(zip(truth.people, truth.frames, strict=True)):
        number, before = last.get(person, (0, -np.inf))
        if truth.times[frame] - before > _AWAY:
            latest += 1
            number = latest
        numbers[row] = number
        last[person] = number, truth.times[frame]
    return numbers


def _iou(boxes: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Overlaps of boxes (n, 4) and others (m, 4), (n, m)."""
    corners = np.minimum(boxes[:, None, 2:], others[:, 2:]) - np.maximum(boxes[:, None, :2], others[:, :2])
    shared = np.clip(corners, 0, None).prod(axis=2)
    sizes, other_sizes = ((side[:, 2:] - side[:, :2]).prod(axis=1) for side in (boxes, others))
    return shared / np.maximum(sizes[:, None] + other_sizes - shared, 1e-9)


def _score(clear: dict, identity: dict) -> TrackingScore:
    return TrackingScore(identity["IDF1"], clear["MOTA"], clear["CLR_Re"], clear["CLR_Pr"], clear["IDSW"])
