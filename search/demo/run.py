"""Indexes drawn videos, asks for everyone in them, and compares what comes back with the ground truth."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from evaluation import RankMetrics
from search.calibration import Calibration
from search.embedder import Embedder
from search.fingerprint import fingerprint
from search.gallery import Gallery, TrackletRow, VideoRow
from search.indexing import Indexer
from search.people import Grouping, group_people
from search.query import person_vector
from search.scene import find_person
from search.video import open_video

from .ground_truth import Track, read_ground_truth
from .pairwise import PairScore, pairwise
from .score import Answers, TrackingScore, score_queries, score_tracking, track_people


class PeopleScore(NamedTuple):
    """How well the walks of all cameras were grouped by people."""

    pairs: PairScore  # of the walks that show somebody
    walks: int  # that do
    found: int  # people, those of whom no walk shows anybody included
    seen: int  # people who truly are in the walks


class Outcome(NamedTuple):
    """What became of the drawn people."""

    tracking: TrackingScore
    queries: RankMetrics
    people: PeopleScore | None  # None: without a calibration they were not grouped
    walks: int  # that were found


def index_drawn(folder: Path, indexer: Indexer) -> None:
    """Index the videos that ``draw_videos`` wrote into a folder; each camera is named after its file."""
    for file in sorted(folder.glob("camera*.mp4")):
        with open_video(file) as video:
            rate = video.frame_rate
        row = VideoRow(fingerprint(file), file.name, file.stem)
        indexer.index(lambda start, file=file: open_video(file, start=start), row, rate)


def score_drawn(
    folder: Path, gallery: Gallery, embedder: Embedder, calibration: Calibration | None
) -> Outcome:
    """Compare a gallery of the drawn videos with their ground truth.

    Args:
        folder: with the videos and the ground truth.
        gallery: of the videos; its people are grouped.
        embedder: its network.
        calibration: of the network.

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
    people = _score_people(gallery, calibration, walks, track_people(folder, tracks)) if calibration else None
    return Outcome(tracking, score_queries(folder, tracks, asked), people, len(walks))


def widest_query(folder: Path) -> Path:
    """The picture of the person whom most cameras see, the first of several."""
    seen = Counter(person for truth in read_ground_truth(folder) for person in set(truth.people.tolist()))
    return max(sorted(folder.glob("queries/*.png")), key=lambda file: seen[_asked(file)[0]])


def outcome_lines(outcome: Outcome) -> list[str]:
    """For the log."""
    tracking, queries, people = outcome.tracking, outcome.queries, outcome.people
    return [
        f"Tracking: IDF1 {tracking.idf1:.3f}, MOTA {tracking.mota:.3f}; {outcome.walks} walks were found, "
        f"{tracking.switches} times one was taken for another",
        f"Queries: Rank-1 {queries.cmc[0]:.3f}, mAP {queries.mAP:.3f}, over {queries.num_valid_queries} "
        "people whom other cameras see",
        f"People: {_people_line(people) if people else 'not grouped, without a calibration of the weights'}",
    ]


def _people_line(score: PeopleScore) -> str:
    pairs = score.pairs
    return (
        f"pairwise F1 {pairs.f1:.3f} (precision {pairs.precision:.3f}, recall {pairs.recall:.3f}) over "
        f"{score.walks} walks that show somebody; {score.found} people were found, {score.seen} are there"
    )


def _track(rows: Sequence[TrackletRow]) -> Track:
    rows = sorted(rows, key=lambda row: row.start)
    times = np.concatenate([row.path.times for row in rows])
    return Track(rows[0].camera, times, np.concatenate([row.path.boxes for row in rows]))


def _score_people(
    gallery: Gallery, calibration: Calibration, walks: dict[str, list[TrackletRow]], truth: Sequence[int]
) -> PeopleScore:
    """Group the walks, and compare those that show somebody; one that was left out was found to be alone."""
    outcome = group_people(gallery, Grouping(calibration))
    members = gallery.people.find(walks)
    found = [members[track].person if track in members else -1 - place for place, track in enumerate(walks)]
    shown = [(person, group) for person, group in zip(truth, found, strict=True) if person]
    true, own = ([pair[side] for pair in shown] for side in (0, 1))
    return PeopleScore(pairwise(true, own), len(shown), outcome.people, len(set(true)))


def _ask(file: Path, gallery: Gallery, embedder: Embedder, places: dict[str, int]) -> Answers:
    person, camera = _asked(file)
    vector = person_vector([find_person(str(file), None)], embedder)
    best: dict[int, float] = {}
    for hit in gallery.search(vector[None], max(1, len(places)))[0]:
        place = places[hit.row.track]
        best[place] = max(hit.score, best.get(place, -1.0))
    return Answers(person, camera, list(best), list(best.values()))


def _asked(query: Path) -> tuple[int, str]:
    """Whom a query's file shows, and before which camera."""
    person, camera = query.stem.split("_", 1)
    return int(person), camera
