"""Results as text, for the log."""

from collections.abc import Sequence

from utils.counting import counted

from .evaluate import Result
from .metrics import RankMetrics


def metric_lines(metrics: RankMetrics) -> list[str]:
    """MAP and Rank-1/5/10, one per line."""
    ranks = [f"CMC curve, Rank-{r:<3}:{metrics.cmc[r - 1]:.1%}" for r in (1, 5, 10)]
    return [f"mAP:{metrics.mAP:.1%}", *ranks]


def unmatched_line(metrics: RankMetrics, num_query: int) -> str | None:
    """The warning that some queries did not count; None if all did."""
    without = num_query - metrics.num_valid_queries
    if without <= 0:
        return None
    of_all, why = f"of {num_query:,} queries", "no match under another camera and did not count"
    return counted(without, f"{of_all} has {why}", f"{of_all} have {why}")


def comparison(results: Sequence[Result]) -> str:
    """A table with one row per result."""
    width = max(len(result.name) for result in results)
    lines = [f"  {'ranking':<{width}} |   mAP | Rank-1 | Rank-5 | Rank-10 |  mINP"]
    for name, _, m in results:
        cells = f"{m.mAP:6.1%} | {m.cmc[0]:6.1%} | {m.cmc[4]:6.1%} | {m.cmc[9]:7.1%} | {m.mINP:5.1%}"
        lines.append(f"  {name:<{width}} |{cells}")
    rule = "  " + "-" * (len(lines[0]) - 2)
    return "\n".join([rule, lines[0], rule, *lines[1:], rule])
