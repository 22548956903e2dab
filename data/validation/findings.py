"""What the records alone show to be wrong with a data set, in milliseconds."""

import re
from collections import Counter, defaultdict
from collections.abc import Collection
from dataclasses import dataclass

from loguru import logger
from yacs.config import CfgNode

from utils.counting import counted
from utils.distributed import process_number
from utils.errors import InputError

from ..datasets import Record, ReidDataset
from ..samplers import SAMPLERS


@dataclass(frozen=True)
class Finding:
    """A mistake in a data set.

    Attributes:
        is_error: training or testing fails with it, or its results mean nothing.
        what: the mistake, beginning with how often it is there.
        names: what it is in, all of it.
        fix: what to do.
        images: some files that show it.
    """

    is_error: bool
    what: str
    names: list[str]
    fix: str
    images: tuple[str, ...] = ()

    def line(self, shown: int = 3) -> str:
        """All of it in one line, with the first few names."""
        more = ", …" if len(self.names) > shown else ""
        return f"{self.what}: {', '.join(self.names[:shown])}{more}; {self.fix}"


def report_quickly(dataset: ReidDataset, cfg: CfgNode) -> None:
    """Log the quick findings as warnings.

    Raises:
        InputError: one of them is an error.
    """
    _report(quick_findings(dataset, cfg))


def check_queries(dataset: ReidDataset, cfg: CfgNode) -> None:
    """Log as warnings which queries have no match: all that testing, without training, asks of the records.

    Raises:
        InputError: none of them has one.
    """
    _report(_query_findings(dataset, cfg))


def quick_findings(dataset: ReidDataset, cfg: CfgNode) -> list[Finding]:
    """Findings from the records alone, in milliseconds: queries without a match, people with few images.

    Args:
        dataset: what is trained on and tested.
        cfg: the settings; TEST.SAME_CAMERA says which matches count.
    """
    return [*_query_findings(dataset, cfg), *_train_findings(dataset)]


def batch_findings(dataset: ReidDataset, cfg: CfgNode) -> list[Finding]:
    """The finding that no training batch can be drawn, if so."""
    if not dataset.train:
        fix = "it can be tested only (DATASETS.TEST_NAME); to train on it, add them"
        return [Finding(False, "no training images", [dataset.name], fix)]
    sampler = SAMPLERS[cfg.DATALOADER.SAMPLER]
    try:
        sampler(dataset.train, cfg.SOLVER.IMS_PER_BATCH, cfg.DATALOADER.NUM_INSTANCE, cfg.SEED)
    except InputError as error:
        what, _, fix = str(error).partition("; ")
        return [Finding(True, what, [dataset.name], fix)]
    return []


def _report(findings: list[Finding]) -> None:
    for finding in findings:
        if finding.is_error:
            raise InputError(finding.line())
        if process_number() == 0:
            logger.warning(finding.line())


def _query_findings(dataset: ReidDataset, cfg: CfgNode) -> list[Finding]:
    same_camera_counts = cfg.TEST.SAME_CAMERA == "keep"
    cameras: dict[int, set[int]] = defaultdict(set)
    for record in dataset.gallery:
        cameras[record.pid].add(record.camid)
    absent = [q for q in dataset.query if q.pid not in cameras]
    hidden = [q for q in dataset.query if not same_camera_counts and cameras.get(q.pid) == {q.camid}]
    total = len(dataset.query)
    if total and len(absent) + len(hidden) == total:
        return [
            Finding(
                True,
                f"none of {total} queries can have a match (of {len(absent)}, the person is not in the "
                f"gallery; of {len(hidden)}, it is there under the query's own camera only)",
                _people_and_cameras(dataset, absent + hidden),
                "put images of the same people under other cameras into the gallery, name another data set "
                "with DATASETS.TEST_NAME, or, if the camera ids mean nothing, TEST.SAME_CAMERA keep"
                + _spelled_differently(dataset, absent),
                _paths(absent + hidden),
            )
        ]
    of_all = f"of {total:,} queries"
    findings = [
        Finding(
            False,
            counted(
                len(absent),
                f"{of_all} has no match, as its person is not in the gallery",
                f"{of_all} have no match, as their person is not in the gallery",
            ),
            _people_and_cameras(dataset, absent),
            "add images of these people to the gallery, or take out the queries; they do not count"
            + _spelled_differently(dataset, absent),
            _paths(absent),
        ),
        Finding(
            False,
            counted(
                len(hidden),
                f"{of_all} has no match, as the gallery has its person under its own camera only",
                f"{of_all} have no match, as the gallery has their person under the query's own camera only",
            ),
            _people_and_cameras(dataset, hidden),
            "add images of these people under other cameras, or TEST.SAME_CAMERA keep; they do not count",
            _paths(hidden),
        ),
    ]
    return [finding for finding in findings if finding.names]


def _spelled_differently(dataset: ReidDataset, absent: list[Record]) -> str:
    """A question about ids that would be in the gallery but for zeros, spaces or capitals, if any."""

    def bare(name: str) -> str:
        return re.sub(r"0*([0-9]+)", r"\1", "".join(name.split()).casefold())

    in_gallery = {bare(name): name for name in {dataset.names.person(r.pid) for r in dataset.gallery}}
    for name in sorted({dataset.names.person(q.pid) for q in absent}):
        if bare(name) in in_gallery:
            return f"; is {name} in query the person that is {in_gallery[bare(name)]} in gallery?"
    return ""


def _people_and_cameras(dataset: ReidDataset, queries: list[Record]) -> list[str]:
    pairs = sorted({(q.pid, q.camid) for q in queries})
    return [f"{dataset.names.person(pid)} (camera {dataset.names.camera(camid)})" for pid, camid in pairs]


def _train_findings(dataset: ReidDataset) -> list[Finding]:
    names = dataset.train_names
    images = Counter(record.pid for record in dataset.train)
    cameras: dict[int, set[int]] = defaultdict(set)
    for record in dataset.train:
        cameras[record.pid].add(record.camid)
    several = len(set().union(*cameras.values())) > 1
    single = sorted(pid for pid, number in images.items() if number == 1)
    one_camera = sorted(p for p, seen in cameras.items() if several and len(seen) == 1 and images[p] > 1)
    # Only data with one set of names has numbers of people that mean the same in all parts.
    tested = (
        {r.pid for r in dataset.query + dataset.gallery} if dataset.train_names is dataset.names else set()
    )
    both = sorted(tested & images.keys())
    of_all = f"of {len(images):,} people in train"
    findings = [
        Finding(
            False,
            counted(len(single), f"{of_all} has one image", f"{of_all} have one image"),
            [names.person(pid) for pid in single],
            "add images of them, or take them out; one image teaches nothing about what is alike",
            _paths(dataset.train, single),
        ),
        Finding(
            False,
            counted(
                len(one_camera),
                f"{of_all} was seen by one camera only",
                f"{of_all} were seen by one camera only",
            ),
            [names.person(pid) for pid in one_camera],
            "add images from other cameras, if there are any",
            _paths(dataset.train, one_camera),
        ),
        Finding(
            False,
            f"{counted(len(both), 'person is', 'people are')} in train and in query or gallery",
            [names.person(pid) for pid in both],
            "keep each person in one of the parts; results on people seen in training are too good",
            _paths(dataset.train, both),
        ),
    ]
    return [finding for finding in findings if finding.names]


def _paths(records: list[Record], pids: Collection[int] | None = None) -> tuple[str, ...]:
    """The first image of each person of the records, or of those of these numbers."""
    first: dict[int, str] = {}
    for record in records:
        first.setdefault(record.pid, record.path)
    return tuple(path for pid, path in first.items() if pids is None or pid in pids)
