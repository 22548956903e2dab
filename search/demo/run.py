"""Indexes drawn videos, asks for everyone in them, and compares what comes back with the ground truth."""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from evaluation import RankMetrics
from search.embedder import Embedder
from search.fingerprint import fingerprint
from search.gallery import Gallery, TrackletRow, VideoRow
from search.indexing import Indexer
from search.query import find_person, person_vector
from search.video import open_video

from .ground_truth import Track
from .score import Answers, TrackingScore, score_queries, score_tracking


class Outcome(NamedTuple):
    """What became of the drawn people."""

    tracking: TrackingScore
    queries: RankMetrics
    walks: int  # that were found


def index_drawn(folder: Path, indexer: Indexer) -> None:
    """Index the videos that ``draw_videos`` wrote into a folder; each camera is named after its file."""
    for file in sorted(folder.glob("camera*.mp4")):
        with open_video(file) as video:
            rate = video.frame_rate
        row = VideoRow(fingerprint(file), file.name, file.stem, None, indexer.detector.name)
        indexer.index(lambda start, file=file: open_video(file, start=start), row, rate)


def score_drawn(folder: Path, gallery: Gallery, embedder: Embedder) -> Outcome:
    """Compare a gallery of the drawn videos with their ground truth.

    Raises:
        InputError: the ground truth cannot be read.
    """
    walks: dict[str, list[TrackletRow]] = defaultdict(list)
    for rows in gallery.tracklets(fields=["path"]):
        walks[rows[0].track].append(rows[0])
    tracks = [_track(rows) for rows in walks.values()]
    places = {track: place for place, track in enumerate(walks)}
    asked = [_ask(file, gallery, embedder, places) for file in sorted(folder.glob("queries/*.png"))]
    tracking = score_tracking(folder, tracks)["all"]
    return Outcome(tracking, score_queries(folder, tracks, asked), len(walks))


def outcome_lines(outcome: Outcome) -> list[str]:
    """For the log."""
    tracking, queries = outcome.tracking, outcome.queries
    return [
        f"Tracking: IDF1 {tracking.idf1:.3f}, MOTA {tracking.mota:.3f}; {outcome.walks} walks were found, "
        f"{tracking.switches} times one was taken for another",
        f"Queries: Rank-1 {queries.cmc[0]:.3f}, mAP {queries.mAP:.3f}, over {queries.num_valid_queries} "
        "people whom other cameras see",
    ]


def _track(rows: Sequence[TrackletRow]) -> Track:
    rows = sorted(rows, key=lambda row: row.start)
    times = np.concatenate([row.path.times for row in rows])
    return Track(rows[0].camera, times, np.concatenate([row.path.boxes for row in rows]))


def _ask(file: Path, gallery: Gallery, embedder: Embedder, places: dict[str, int]) -> Answers:
    person, camera = file.stem.split("_", 1)
    vector = person_vector([find_person(str(file), None)], embedder)
    best: dict[int, float] = {}
    for hit in gallery.search(vector[None], max(1, len(places)))[0]:
        place = places[hit.row.track]
        best[place] = max(hit.score, best.get(place, -1.0))
    return Answers(int(person), camera, list(best), list(best.values()))
