"""Who is the same person in all videos of a gallery."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from search.calibration import Calibration
from search.gallery import Gallery, MemberRow, VideoRow

from .cameras import without_cameras
from .linkage import Groups, link
from .numbering import numbers
from .timetable import Timetable
from .travel import Travel
from .walks import Walk, read_walks, stays, walk_vectors

ENOUGH = 10_000  # seeds that tell what people before a camera have in common
POOR = 0.15  # quality of its best picture below which a walk shows hardly anybody: 24 pixels high, or a blur


@dataclass(frozen=True)
class Grouping:
    """How to group.

    Args:
        calibration: of the network; it says from which mean cosine two groups of walks are one person.
        quality: of a walk's best picture, 0 to 1; walks below are left out.
        travel: least times between cameras.
        anew: group all but what users have said; else people stay as they are, and what is new is added.
    """

    calibration: Calibration
    quality: float = POOR
    travel: Travel = field(default_factory=dict)
    anew: bool = False

    def threshold(self, walks: int) -> float:
        """The mean cosine for a gallery of so many walks: a walk has one stranger in it who is as alike.

        The more there are, the more alike the most alike stranger is; among few, a strict threshold only
        keeps people apart from themselves.
        """
        return self.calibration.threshold(1 / max(walks, 1))


@dataclass(frozen=True)
class Outcome:
    """What a grouping did.

    Args:
        people: how many there are now.
        new: how many of them were not there before.
        walks: that are theirs.
        added: how many of these were nobody's before.
        poor: walks that were left out.
        threshold: mean cosine from which groups of walks were joined.
    """

    people: int
    new: int
    walks: int
    added: int
    poor: int
    threshold: float


def group_people(
    gallery: Gallery, how: Grouping, stage: Callable[[str], object] = lambda name: None
) -> Outcome:
    """Give the same number to the walks of the same person.

    A walk that is somebody's stays so, and two people stay two: what was seen before is the start, and new
    walks join it or each other, the most alike first. Grouped anew, this holds only for what users have said;
    somebody's number and name then go to the group with most of the person's walks.

    Args:
        gallery: whose people are grouped, and which then knows them.
        how: to do it.
        stage: called with "reading", "comparing" and "writing" as each begins.

    Raises:
        InputError: another program changes the people of this gallery.
    """
    with gallery.people.alone() as claim:
        stage("reading")
        before = {member.tracklet: member for member in gallery.people.members()}
        walks = read_walks(gallery, _kept(before, gallery.people.names()) if how.anew else before)
        good = [walk for walk in walks if walk.person or walk.quality >= how.quality]
        groups = _seeds(good)
        if not all(group[0].person for group in groups):
            groups = _joined(gallery, groups, how, stage)
        stage("writing")
        claim.renew()
        people = numbers(groups, before, gallery.people.new_numbers)
        _write(gallery, before, _members(groups, people, before))
    return Outcome(
        len(people),
        len({*people} - {member.person for member in before.values()}),
        len(good),
        sum(all(row.tracklet not in before for row in walk.rows) for walk in good),
        len(walks) - len(good),
        how.threshold(len(good)),
    )


def _kept(before: Mapping[str, MemberRow], names: Mapping[int, str]) -> dict[str, MemberRow]:
    """What stays when all is grouped anew: what users said; where only a name is left, all that has it."""
    said = {member.person for member in before.values() if member.said}
    return {
        tracklet: member
        for tracklet, member in before.items()
        if member.said or (member.person in names and member.person not in said)
    }


def _seeds(walks: Iterable[Walk]) -> list[list[Walk]]:
    """The walks of each person who is known, and each other walk alone."""
    seeds: dict[int | str, list[Walk]] = defaultdict(list)
    for walk in walks:
        seeds[walk.person or walk.rows[0].tracklet].append(walk)
    return list(seeds.values())


def _joined(
    gallery: Gallery, seeds: Sequence[Sequence[Walk]], how: Grouping, stage: Callable[[str], object]
) -> list[list[Walk]]:
    """The walks of each person, after seeds have joined.

    It takes two rounds: only when it is known who is who, more or less, can be told what all people before a
    camera have in common, so that it makes nobody alike in the second. For that, a part of them will do.
    """
    videos = {video.video: video for video in gallery.videos()}
    walks = [walk for seed in seeds for walk in seed]
    vectors = walk_vectors(gallery, walks)
    cameras = np.array([walk.rows[0].camera for walk in walks])
    stage("comparing")
    vectors = without_cameras(vectors, cameras, _first_round(vectors, seeds, videos, how))
    joined: dict[int, list[Walk]] = defaultdict(list)
    for root, seed in zip(_linked(vectors, seeds, videos, how).tolist(), seeds, strict=True):
        joined[root] += seed
    # Who is known comes first in a group, and so says whose it is.
    return [sorted(walks, key=lambda walk: -walk.person) for walks in joined.values()]


def _first_round(
    vectors: np.ndarray, seeds: Sequence[Sequence[Walk]], videos: Mapping[str, VideoRow], how: Grouping
) -> np.ndarray:
    """Whose each walk is, more or less, (W,) int64; -1: of many seeds, every second, or so, is left out."""
    sizes, step = [len(seed) for seed in seeds], max(1, len(seeds) // ENOUGH)
    looked_at = np.arange(len(seeds)) % step == 0
    whose = np.full(len(seeds), -1)
    whose[looked_at] = _linked(vectors[np.repeat(looked_at, sizes)], seeds[::step], videos, how)
    return np.repeat(whose, sizes)


def _linked(
    vectors: np.ndarray, seeds: Sequence[Sequence[Walk]], videos: Mapping[str, VideoRow], how: Grouping
) -> np.ndarray:
    """For each seed the first of those that it has joined, (S,) int64; vectors are those of their walks."""
    sizes = np.array([len(seed) for seed in seeds])
    groups = Groups(
        np.add.reduceat(vectors, np.cumsum(sizes) - sizes, axis=0),
        sizes,
        np.array([seed[0].person for seed in seeds]),
        [Timetable(stays((row for walk in seed for row in walk.rows), videos)) for seed in seeds],
    )
    return link(groups, how.threshold(len(vectors)), how.travel)


def _members(
    groups: Iterable[Sequence[Walk]], people: Iterable[int], before: Mapping[str, MemberRow]
) -> dict[str, MemberRow]:
    """Whose each tracklet is now."""
    return {
        row.tracklet: MemberRow.of(row, person, row.tracklet in before and before[row.tracklet].said)
        for walks, person in zip(groups, people, strict=True)
        for walk in walks
        for row in walk.rows
    }


def _write(gallery: Gallery, before: Mapping[str, MemberRow], after: Mapping[str, MemberRow]) -> None:
    """Write what has changed; first that it is nobody's, so that an interruption makes no one of two."""

    def person(members: Mapping[str, MemberRow], tracklet: str) -> int:
        return members[tracklet].person if tracklet in members else 0

    changed = [name for name in {**before, **after} if person(before, name) != person(after, name)]
    gallery.people.remove(name for name in changed if name in before)
    gallery.people.write([after[name] for name in changed if name in after])
    gallery.people.forget_names()
    gallery.store.flush()
