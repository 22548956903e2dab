"""mAP/CMC and re-ranking against the bare matrix product."""

import statistics
import threading
import time
from collections.abc import Callable, Collection, Sequence

import numpy as np
import psutil
import torch
import torch.nn.functional as F

from evaluation import rank_metrics, re_ranking
from evaluation.scores import feature_scores
from utils.errors import InputError

from .machine import machine
from .plain_evaluation import plain_rank_metrics

# name -> queries, gallery images, dimensions
SIZES = {
    "market1501": (3368, 15913, 2048),
    "msmt17": (11659, 82161, 2048),
    "market1501+500k": (3368, 515_913, 512),
}


def measure(sizes: Sequence[str], re_ranked: Collection[str], plain: Collection[str], repeats: int) -> dict:
    """The figures of all sizes.

    Args:
        sizes: names in SIZES, or QUERIESxGALLERYxDIMENSIONS; none: all of SIZES.
        re_ranked: those to re-rank as well.
        plain: those to measure with the plain implementation as well.
        repeats: runs, whose median counts.

    Raises:
        InputError: a size is neither.
    """
    figures = {}
    for size in sizes or SIZES:
        figures[size] = measure_size(size, repeats, size in re_ranked, size in plain)
    return {"machine": machine(), "sizes": figures}


def measure_size(size: str, repeats: int, with_re_ranking: bool, with_plain: bool) -> dict:
    """Seconds, and bytes beyond the features, of mAP/CMC, the matrix product and re-ranking at a size."""
    num_query, num_gallery, dim = parse_size(size)
    query, gallery, ids = people(num_query, num_gallery, dim)
    product, ranking = [], []
    for _ in range(repeats):  # in turns, so that a slow spell of the machine affects both
        product.append(timed(lambda: consume(feature_scores(query, gallery)))[0])
        ranking.append(timed(lambda: rank_metrics(query, gallery, *ids)))
    figures = {
        "queries": num_query,
        "gallery": num_gallery,
        "dim": dim,
        "seconds": statistics.median(seconds for seconds, _ in ranking),
        "matmul_seconds": statistics.median(product),
        "ratio": statistics.median(r[0] / p for r, p in zip(ranking, product, strict=True)),
        "extra_bytes": max(extra for _, extra in ranking),
    }
    if with_plain:
        figures["plain_seconds"], figures["plain_extra_bytes"] = timed(
            lambda: plain_rank_metrics(query.numpy(), gallery.numpy(), *ids)
        )
    if with_re_ranking:
        features = torch.cat([query, gallery])
        product_seconds, _ = timed(lambda: consume(feature_scores(features, features)))
        del features
        seconds, extra = timed(lambda: re_ranking(query, gallery))
        figures["re_ranking"] = {"seconds": seconds, "matmul_seconds": product_seconds, "extra_bytes": extra}
    return figures


def people(num_query: int, num_gallery: int, dim: int) -> tuple[torch.Tensor, torch.Tensor, tuple]:
    """Features that cluster by person, as a trained network's do, and the ids that rank_metrics takes."""
    rng = np.random.default_rng(0)
    torch.manual_seed(0)
    number_of_people = max(1, min(3000, num_gallery // 20))  # 20 images each, about as in the real sets
    centers = torch.randn(number_of_people, dim)

    def images(number: int) -> tuple[torch.Tensor, np.ndarray, np.ndarray]:
        pids = rng.integers(0, number_of_people, number)
        features = torch.randn(number, dim).mul_(1.5).add_(centers[torch.from_numpy(pids)])
        return F.normalize(features, out=features), pids, rng.integers(0, 6, number)

    (query, q_pids, q_camids), (gallery, g_pids, g_camids) = images(num_query), images(num_gallery)
    return query, gallery, (q_pids, g_pids, q_camids, g_camids)


def timed(work: Callable[[], object]) -> tuple[float, int]:
    """Seconds of a piece of work, and the most memory that it held in addition [bytes]."""
    process = psutil.Process()
    before, most, done = process.memory_info().rss, [0], threading.Event()

    def watch() -> None:
        while not done.wait(0.005):
            most[0] = max(most[0], process.memory_info().rss)

    watcher = threading.Thread(target=watch)
    watcher.start()
    start = time.perf_counter()
    result = work()
    seconds = time.perf_counter() - start
    done.set()
    watcher.join()
    most[0] = max(most[0], process.memory_info().rss)
    del result
    return seconds, max(0, most[0] - before)


def consume(chunks) -> None:
    """Go through an iterator and keep nothing."""
    for _ in chunks:
        pass


def table(report: dict) -> str:
    """The figures as Markdown."""
    lines = [
        f"Machine: {report['machine']}",
        "",
        "| size (queries × gallery × dimensions) | matrix product | mAP/CMC | ratio | memory above the "
        "features |",
        "|---|---|---|---|---|",
    ]
    for name, f in report["sizes"].items():
        shape = f"{f['queries']} × {f['gallery']} × {f['dim']}"
        lines.append(
            f"| {name} ({shape}) | {f['matmul_seconds']:.2f} s | {f['seconds']:.2f} s | {f['ratio']:.2f} | "
            f"{f['extra_bytes'] / 1e6:.0f} MB |"
        )
        if "plain_seconds" in f:
            lines.append(
                f"| {name}, plain implementation | | {f['plain_seconds']:.1f} s | "
                f"{f['plain_seconds'] / f['matmul_seconds']:.1f} | {f['plain_extra_bytes'] / 1e6:.0f} MB |"
            )
    ranked = {name: f for name, f in report["sizes"].items() if "re_ranking" in f}
    if ranked:
        lines += ["", "| re-ranking | matrix product of all images | whole | beyond the product | memory |"]
        lines.append("|---|---|---|---|---|")
    for name, f in ranked.items():
        r = f["re_ranking"]
        lines.append(
            f"| {name} | {r['matmul_seconds']:.1f} s | {r['seconds']:.1f} s | "
            f"{r['seconds'] - r['matmul_seconds']:.1f} s | {r['extra_bytes'] / 1e6:.0f} MB |"
        )
    return "\n".join(lines)


def parse_size(size: str) -> tuple[int, int, int]:
    """Queries, gallery images and dimensions of a size's name."""
    try:
        num_query, num_gallery, dim = SIZES.get(size) or map(int, size.split("x"))
    except ValueError:
        raise InputError(
            f"--sizes {size}: use {', '.join(SIZES)}, or three numbers such as 100x1000x512"
        ) from None
    if min(num_query, num_gallery, dim) < 1:
        raise InputError(f"--sizes {size}: the numbers must be at least 1")
    return num_query, num_gallery, dim
