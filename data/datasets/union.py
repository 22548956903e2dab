"""Several data sets trained on together, and the one that is tested."""

from collections.abc import Sequence

from .base import Names, Record, ReidDataset


def unite(trained: Sequence[ReidDataset], tested: ReidDataset) -> ReidDataset:
    """The training images of several data sets, and the query and gallery of one.

    Neither the people nor the cameras of two data sets count as the same: classes and camera ids
    continue from one to the next. Query and gallery keep their ids.
    """
    train: list[Record] = []
    people: dict[int, str] = {}
    cameras: dict[int, str] = {}
    for dataset in trained:
        first_pid, first_camid, names = len(people), len(cameras), dataset.train_names
        numbers = {camid: n for n, camid in enumerate(sorted({r.camid for r in dataset.train}), first_camid)}
        train += [Record(r.path, r.pid + first_pid, numbers[r.camid]) for r in dataset.train]
        people |= {
            pid + first_pid: f"{dataset.name} {names.person(pid)}" for pid in range(dataset.num_train_pids)
        }
        cameras |= {n: f"{dataset.name} {names.camera(camid)}" for camid, n in numbers.items()}
    return ReidDataset(
        f"{'+'.join(dataset.name for dataset in trained)}, tested on {tested.name}",
        train,
        tested.query,
        tested.gallery,
        tested.multi_query,
        Names(people, cameras),
        tested.names,
    )
