"""Every image of a data set read once: what cannot be read, what is there twice, what has an odd size."""

import hashlib
import os
import statistics
from collections import defaultdict
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from tqdm import tqdm
from yacs.config import CfgNode

from utils.counting import counted

from ..datasets import Record, ReidDataset, counts
from ..reading import decode_image, read_file
from .findings import Finding, batch_findings, quick_findings

SUBSETS = ("train", "query", "gallery")
BLOCK = 512  # images handed to the threads at a time
# A size is odd beyond so many times the median: height x width (4: each side doubled), height / width.
SIZE_FACTOR = 4
ASPECT_FACTOR = 2
SHOWN = 5  # names to a finding in the report


class ImageFacts(NamedTuple):
    """What reading a file shows."""

    digest: bytes  # of its bytes
    height: int  # [pixels]; 0: it cannot be read as an image
    width: int


@dataclass(frozen=True)
class Report:
    """A data set, its files and what is wrong with it, errors first."""

    dataset: ReidDataset
    facts: dict[str, ImageFacts]
    findings: list[Finding]

    @property
    def exit_code(self) -> int:
        """0: nothing found, 1: warnings, 2: an error."""
        return max((2 if finding.is_error else 1 for finding in self.findings), default=0)

    def images_per_person(self, subset: str) -> np.ndarray:
        """(ids,) number of images of each person."""
        pids = [record.pid for record in getattr(self.dataset, subset)]
        return np.unique(pids, return_counts=True)[1]

    def sizes(self, subset: str) -> np.ndarray:
        """(n, 2) heights and widths of the readable images [pixels]."""
        facts = [self.facts[record.path] for record in getattr(self.dataset, subset)]
        return np.array([(f.height, f.width) for f in facts if f.height], dtype=np.int64).reshape(-1, 2)


def examine(dataset: ReidDataset, cfg: CfgNode) -> Report:
    """Read every image, and find what is wrong with a data set.

    Args:
        dataset: what is trained on and tested.
        cfg: the settings; those of the batches, of DATASETS.ON_BAD_IMAGE and of TEST.SAME_CAMERA count.
    """
    records = {subset: getattr(dataset, subset) for subset in SUBSETS}
    facts = scan_files({record.path for part in records.values() for record in part})
    findings = [
        *batch_findings(dataset, cfg),
        _unreadable(facts, cfg.DATASETS.ON_BAD_IMAGE == "stop"),
        *quick_findings(dataset, cfg),
        *_duplicates(dataset, facts, cfg.TEST.SAME_CAMERA == "keep"),
        *_odd_sizes(facts),
    ]
    found = [finding for finding in findings if finding.names]
    return Report(dataset, facts, sorted(found, key=lambda finding: not finding.is_error))


def scan_files(paths: Iterable[str]) -> dict[str, ImageFacts]:
    """Read and decode files, in as many threads as there are cores, with a progress bar."""
    paths = sorted(paths)
    facts = {}
    with (
        ThreadPoolExecutor(os.cpu_count()) as pool,
        tqdm(total=len(paths), desc="reading images", unit="img", disable=None) as bar,
    ):
        for start in range(0, len(paths), BLOCK):
            block = paths[start : start + BLOCK]
            facts.update(zip(block, pool.map(_read, block), strict=True))
            bar.update(len(block))
    return facts


def report_table(report: Report) -> str:
    """Counts and sizes of the subsets, and the findings, for people to read."""
    head = f"{'subset':<8} | {'ids':>5} | {'images':>7} | {'cameras':>7} | {'unreadable':>10}"
    rows = [f"{head} | {'images per id':>16} | {'height':>16} | {'width':>16}"]
    for subset in SUBSETS:
        records = getattr(report.dataset, subset)
        ids, images, cameras = counts(records)
        sizes = report.sizes(subset)
        row = f"{subset:<8} | {ids:5d} | {images:7d} | {cameras:7d} | {images - len(sizes):10d}"
        spans = [report.images_per_person(subset), sizes[:, 0], sizes[:, 1]]
        rows.append(" | ".join([row, *(f"{_span(values):>16}" for values in spans)]))
    rule = "-" * len(rows[0])
    lines = [
        f"{report.dataset.name}, read whole (spans: least - median - most):",
        *(rule, rows[0], rule, *rows[1:], rule),
    ]
    for finding in report.findings:
        more = ", …" if len(finding.names) > SHOWN else ""
        lines += [
            f"{'ERROR' if finding.is_error else 'WARNING'}: {finding.what}",
            f"    {', '.join(finding.names[:SHOWN])}{more}",
            f"    {finding.fix}",
        ]
    return "\n".join(lines if report.findings else [*lines, "nothing found"])


def report_tree(report: Report) -> dict:
    """The same with all names, for JSON."""
    subsets = {}
    for subset in SUBSETS:
        ids, images, cameras = counts(getattr(report.dataset, subset))
        unreadable = images - len(report.sizes(subset))
        subsets[subset] = {"ids": ids, "images": images, "cameras": cameras, "unreadable": unreadable}
    findings = [
        {"level": "error" if f.is_error else "warning", "what": f.what, "names": f.names, "fix": f.fix}
        for f in report.findings
    ]
    return {"name": report.dataset.name, "subsets": subsets, "findings": findings}


def _read(path: str) -> ImageFacts:
    content = read_file(path)
    if content is None:
        return ImageFacts(b"", 0, 0)
    image = decode_image(content)
    height, width = image.shape[:2] if image is not None else (0, 0)
    return ImageFacts(hashlib.blake2b(content, digest_size=16).digest(), height, width)


def _span(values: np.ndarray) -> str:
    return f"{values.min()} - {np.median(values):.0f} - {values.max()}" if len(values) else "none"


def _unreadable(facts: dict[str, ImageFacts], stops: bool) -> Finding:
    bad = [path for path, fact in facts.items() if not fact.height]
    return Finding(
        stops,
        counted(len(bad), "file cannot be read as an image", "files cannot be read as images"),
        bad,
        "remove them, or skip such files with DATASETS.ON_BAD_IMAGE skip",
    )


def _duplicates(
    dataset: ReidDataset, facts: dict[str, ImageFacts], same_camera_counts: bool
) -> Iterator[Finding]:
    train, query, gallery = (_by_digest(getattr(dataset, subset), facts) for subset in SUBSETS)
    test = _by_digest(dataset.query + dataset.gallery, facts)
    shared = [(train[digest][0], test[digest][0]) for digest in train if digest in test]
    yield Finding(
        False,
        f"{counted(len(shared), 'picture of train is', 'pictures of train are')} in query or gallery, "
        "byte for byte",
        _pairs(shared),
        "keep each in one of the parts; results on images seen in training are too good",
        _both(shared),
    )
    yield from (
        _two_people(where, images) for where, images in (("train", train), ("query and gallery", test))
    )
    counting = [
        (q, g)
        for digest in query
        for q in query[digest]
        for g in gallery.get(digest, [])
        if q.pid == g.pid and (same_camera_counts or q.camid != g.camid)
    ]
    yield Finding(
        False,
        counted(
            len(counting),
            "picture of query counts as its own match",
            "pictures of query count as their own match",
        )
        + ", being in gallery byte for byte",
        _pairs(counting),
        "take them out of the gallery; finding a copy says nothing",
        _both(counting),
    )


def _by_digest(records: list[Record], facts: dict[str, ImageFacts]) -> dict[bytes, list[Record]]:
    groups = defaultdict(list)
    for record in records:
        if facts[record.path].height:
            groups[facts[record.path].digest].append(record)
    return groups


def _two_people(where: str, images: dict[bytes, list[Record]]) -> Finding:
    pairs = []
    for group in images.values():
        other = next((record for record in group if record.pid != group[0].pid), None)
        if other:
            pairs.append((group[0], other))
    return Finding(
        False,
        f"{counted(len(pairs), f'picture of {where} is', f'pictures of {where} are')} there as two people, "
        "byte for byte",
        _pairs(pairs),
        "remove the one that is wrong",
        _both(pairs),
    )


def _pairs(pairs: list[tuple[Record, Record]]) -> list[str]:
    return [f"{one.path} = {other.path}" for one, other in pairs]


def _both(pairs: list[tuple[Record, Record]]) -> tuple[str, ...]:
    return tuple(record.path for pair in pairs for record in pair)


def _odd_sizes(facts: dict[str, ImageFacts]) -> Iterator[Finding]:
    sizes = {path: (fact.height, fact.width) for path, fact in facts.items() if fact.height}
    for measure, values, factor in (
        ("height x width", {path: h * w for path, (h, w) in sizes.items()}, SIZE_FACTOR),
        ("height / width", {path: h / w for path, (h, w) in sizes.items()}, ASPECT_FACTOR),
    ):
        median = statistics.median(values.values()) if values else 0
        odd = [path for path, value in values.items() if not median / factor <= value <= median * factor]
        yield Finding(
            False,
            f"{counted(len(odd), 'image has', 'images have')} a {measure} more than {factor} times above or "
            f"below the median {median:.4g}",
            [f"{path} ({sizes[path][0]}x{sizes[path][1]})" for path in odd],
            "look at them; a badly cut image is better left out",
            tuple(odd),
        )
