"""Who is the same person in all videos of a gallery."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from search.gallery import Gallery, MemberRow

from .linkage import Groups, link
from .numbering import numbers
from .timetable import Timetable
from .travel import Travel
from .walks import Walk, read_walks, stays, walk_vectors

POOR = 0.15  # quality of its best picture below which a walk shows hardly anybody: 24 pixels high, or a blur


@dataclass(frozen=True)
class Grouping:
    """How to group.

    Args:
        threshold: mean cosine from which two groups of walks are one person.
        quality: of a walk's best picture, 0 to 1; walks below are left out.
        travel: least times between cameras.
        anew: group all but what users have said; else people stay as they are, and what is new is added.
    """

    threshold: float
    quality: float = POOR
    travel: Travel = field(default_factory=dict)
    anew: bool = False


@dataclass(frozen=True)
class Outcome:
    """What a grouping did.

    Args:
        people: how many there are now.
        new: how many of them were not there before.
        walks: that are theirs.
        added: how many of these were nobody's before.
        poor: walks that were left out.
    """

    people: int
    new: int
    walks: int
    added: int
    poor: int


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
    """The walks of each person, after seeds have joined."""
    videos = {video.video: video for video in gallery.videos()}
    groups = Groups(
        _sums(gallery, seeds),
        np.array([len(seed) for seed in seeds]),
        np.array([seed[0].person for seed in seeds]),
        [Timetable(stays((row for walk in seed for row in walk.rows), videos)) for seed in seeds],
    )
    stage("comparing")
    joined: dict[int, list[Walk]] = defaultdict(list)
    for root, seed in zip(link(groups, how.threshold, how.travel).tolist(), seeds, strict=True):
        joined[root] += seed
    # Who is known comes first in a group, and so says whose it is.
    return [sorted(walks, key=lambda walk: -walk.person) for walks in joined.values()]


def _sums(gallery: Gallery, seeds: Sequence[Sequence[Walk]]) -> np.ndarray:
    """Of the vectors of each seed's walks, (S, D) float32."""
    vectors = walk_vectors(gallery, [walk for seed in seeds for walk in seed])
    begins = np.cumsum([0, *(len(seed) for seed in seeds[:-1])])
    return np.add.reduceat(vectors, begins, axis=0)


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
