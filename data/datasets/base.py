"""What a reader returns, and the table that shows it."""

from dataclasses import dataclass, field
from typing import NamedTuple


class Record(NamedTuple):
    """One image: its file, the person's id (training: class 0..C-1) and the camera's id (from 0)."""

    path: str
    pid: int
    camid: int


@dataclass(frozen=True)
class Names:
    """The data set's own names of the people and cameras of its records, where those are not numbers."""

    people: dict[int, str] = field(default_factory=dict)
    cameras: dict[int, str] = field(default_factory=dict)

    def person(self, pid: int) -> str:
        """The data set's name of a person."""
        return self.people.get(pid, str(pid))

    def camera(self, camid: int) -> str:
        """The data set's name of a camera; file names count cameras from 1."""
        return self.cameras.get(camid, str(camid + 1))


@dataclass(frozen=True)
class ReidDataset:
    """A data set's subsets. Training ids are classes 0..C-1; query and gallery keep theirs."""

    name: str
    train: list[Record]
    query: list[Record]
    gallery: list[Record]
    multi_query: list[Record] = field(default_factory=list)  # further images of the queries' people
    train_names: Names = Names()  # of the training records
    names: Names = Names()  # of the others

    @property
    def num_train_pids(self) -> int:
        """Number of classes."""
        return len({r.pid for r in self.train})

    def names_of(self, subset: str) -> Names:
        """Names of the people and cameras of 'train', 'query' or 'gallery'."""
        return self.train_names if subset == "train" else self.names


def relabel(records: list[Record]) -> tuple[list[Record], Names]:
    """Person ids as classes 0..C-1, in the order of the ids, and the names that map back to the ids."""
    pids = sorted({r.pid for r in records})
    label = {pid: i for i, pid in enumerate(pids)}
    people = {i: str(pid) for i, pid in enumerate(pids)}
    return [r._replace(pid=label[r.pid]) for r in records], Names(people)


def statistics_table(dataset: ReidDataset) -> str:
    """Counts of ids, images and cameras, in the words of reid-strong-baseline."""
    rule = "  " + "-" * 40
    rows = []
    for subset in ("train", "query", "gallery"):
        ids, images, cameras = counts(getattr(dataset, subset))
        rows.append(f"  {subset:<8} | {ids:5d} | {images:8d} | {cameras:9d}")
    head = [
        f"=> {dataset.name} loaded",
        "Dataset statistics:",
        rule,
        "  subset   | # ids | # images | # cameras",
        rule,
    ]
    return "\n".join([*head, *rows, rule])


def counts(records: list[Record]) -> tuple[int, int, int]:
    """Numbers of ids, images and cameras."""
    return len({r.pid for r in records}), len(records), len({r.camid for r in records})
