"""Writes a drawn person data set in the layout of Market-1501, for trying things without real pictures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from tqdm import tqdm

from .drawing.camera import make_cameras
from .drawing.person import sample_person
from .drawing.photo import take_photo

# First numbers of the random seeds, so that no two kinds of thing share one.
_TRAIN, _TEST, _DISTRACTOR, _CAMERA, _VISITS = range(5)
_CAMERAS = 6
_DISTRACTOR_SHARE = 0.1
_MOST_IDS = 9999  # As many as four digits number.


@dataclass(frozen=True)
class SyntheticSpec:
    """Size and seed of a drawn data set.

    Attributes:
        train_ids: People in the training part.
        test_ids: People in query and gallery, none of them in the training part.
        images_per_camera: Pictures of a person in each camera that sees them, 2 to 99.
        seed: Decides everything drawn; 0 or more.
    """

    train_ids: int = 100
    test_ids: int = 60
    images_per_camera: int = 4
    seed: int = 0


@dataclass(frozen=True)
class _Shot:
    folder: str
    person_id: int
    kind: int
    number: int
    camera: int
    index: int

    @property
    def name(self) -> str:
        # The number of the person is part of the frame, as all distractors have the same id.
        frame = 100 * self.number + self.index
        return f"{self.person_id:04d}_c{self.camera + 1}s1_{frame:06d}_{self.index + 1:02d}.jpg"


def write_synthetic(folder: Path, spec: SyntheticSpec, progress: bool = True) -> None:
    """Write `bounding_box_train`, `query` and `bounding_box_test` with JPEG files of 128 x 64 pixels.

    Names are those of Market-1501: `0002_c1s1_000451_03.jpg` is person 2 in camera 1. Training people
    are seen by 3 to 6 of the 6 cameras, test people by 2 to 6. The query has one picture of each test
    person and camera, the gallery the others and about a tenth of distractors, people with the id 0 who
    are neither in the training nor in the test part. The same spec writes the same bytes.

    Args:
        folder: Where the three folders are made; files with the same names are replaced.
        spec: Size and seed.
        progress: Whether to show a progress bar, on a terminal only.

    Raises:
        ValueError: If `images_per_camera` is not in 2..99, one of the two parts is empty, there are more
            people than four digits can number, or the seed is negative.
    """
    _check(spec)
    shots = _plan(spec)
    cameras = make_cameras((spec.seed, _CAMERA))
    for name in ("bounding_box_train", "query", "bounding_box_test"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for shot in tqdm(shots, desc="Drawing people", unit="img", disable=None if progress else True):
        person = sample_person(np.random.default_rng([spec.seed, shot.kind, shot.number]))
        rng = np.random.default_rng([spec.seed, shot.kind, shot.number, shot.camera + 1, shot.index])
        camera = cameras[shot.camera]
        data = camera.encode(take_photo(person, camera, rng))
        (folder / shot.folder / shot.name).write_bytes(data)


def _check(spec: SyntheticSpec) -> None:
    if not 2 <= spec.images_per_camera <= 99:
        raise ValueError(f"images_per_camera must be from 2 to 99, got {spec.images_per_camera}")
    if spec.train_ids < 1 or spec.test_ids < 1:
        raise ValueError(
            f"train_ids and test_ids must be 1 or more, got {spec.train_ids} and {spec.test_ids}"
        )
    if spec.train_ids + spec.test_ids > _MOST_IDS:
        raise ValueError(
            f"train_ids + test_ids must be at most {_MOST_IDS}, got {spec.train_ids + spec.test_ids}"
        )
    if spec.seed < 0:
        raise ValueError(f"seed must be 0 or more, got {spec.seed}")


def _plan(spec: SyntheticSpec) -> list[_Shot]:
    every = range(spec.images_per_camera)
    shots = []
    for number in range(1, spec.train_ids + 1):
        for camera in _visited(spec, _TRAIN, number, fewest=3):
            shots += [_Shot("bounding_box_train", number, _TRAIN, number, camera, index) for index in every]
    gallery = 0
    for number in range(1, spec.test_ids + 1):
        person_id = spec.train_ids + number
        for camera in _visited(spec, _TEST, number, fewest=2):
            folders = ["query"] + ["bounding_box_test"] * (len(every) - 1)
            shots += [_Shot(folders[index], person_id, _TEST, number, camera, index) for index in every]
            gallery += len(every) - 1
    wanted = max(1, round(gallery * _DISTRACTOR_SHARE / (1 - _DISTRACTOR_SHARE)))
    return shots + list(islice(_distractors(spec), wanted))


def _distractors(spec: SyntheticSpec) -> Iterator[_Shot]:
    for number in range(1, _MOST_IDS + 1):
        for camera in _visited(spec, _DISTRACTOR, number, fewest=1):
            yield _Shot("bounding_box_test", 0, _DISTRACTOR, number, camera, 0)


def _visited(spec: SyntheticSpec, kind: int, number: int, fewest: int) -> list[int]:
    """The cameras that see a person."""
    rng = np.random.default_rng([spec.seed, _VISITS, kind, number])
    count = rng.integers(fewest, _CAMERAS + 1)
    return sorted(int(camera) for camera in rng.permutation(_CAMERAS)[:count])
