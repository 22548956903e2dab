"""What a reader returns, and the table that shows it."""

from dataclasses import dataclass, field
from typing import NamedTuple


class Record(NamedTuple):
    """One image: its file, the person's id (training: class 0..C-1) and the camera's id (from 0)."""

    path: str
    pid: int
    camid: int


@dataclass(frozen=True)
class ReidDataset:
    """A data set's subsets. Training ids are classes 0..C-1; query and gallery keep theirs."""

    name: str
    train: list[Record]
    query: list[Record]
    gallery: list[Record]
    multi_query: list[Record] = field(default_factory=list)  # further images of the queries' people

    @property
    def num_train_pids(self) -> int:
        """Number of classes."""
        return len({r.pid for r in self.train})


def relabel(records: list[Record]) -> list[Record]:
    """Person ids as classes 0..C-1, in the order of the ids."""
    label = {pid: i for i, pid in enumerate(sorted({r.pid for r in records}))}
    return [r._replace(pid=label[r.pid]) for r in records]


def statistics_table(dataset: ReidDataset) -> str:
    """Counts of ids, images and cameras, in the words of reid-strong-baseline."""
    rule = "  " + "-" * 40
    rows = []
    for subset in ("train", "query", "gallery"):
        records = getattr(dataset, subset)
        pids, camids = {r.pid for r in records}, {r.camid for r in records}
        rows.append(f"  {subset:<8} | {len(pids):5d} | {len(records):8d} | {len(camids):9d}")
    head = [
        f"=> {dataset.name} loaded",
        "Dataset statistics:",
        rule,
        "  subset   | # ids | # images | # cameras",
        rule,
    ]
    return "\n".join([*head, *rows, rule])
