import numpy as np

from evaluation import RankMetrics, Result, comparison, metric_lines, unmatched_line

METRICS = RankMetrics(0.1234, np.linspace(0.02, 1, 50), 0.05, 7)


def test_lines_of_the_log():
    assert metric_lines(METRICS) == [
        "mAP:12.3%",
        "CMC curve, Rank-1  :2.0%",
        "CMC curve, Rank-5  :10.0%",
        "CMC curve, Rank-10 :20.0%",
    ]
    assert unmatched_line(METRICS, 9) == "2 of 9 queries have no match under another camera and did not count"
    assert unmatched_line(METRICS, 8) == "1 of 8 queries has no match under another camera and did not count"
    assert unmatched_line(METRICS, 7) is None


def test_the_table_of_results():
    better = METRICS._replace(mAP=1.0)
    table = comparison([Result("plain", None, METRICS), Result("flip + re-ranking", None, better)])
    rule = "  " + "-" * 61
    assert table.split("\n") == [
        rule,
        "  ranking           |   mAP | Rank-1 | Rank-5 | Rank-10 |  mINP",
        rule,
        "  plain             | 12.3% |   2.0% |  10.0% |   20.0% |  5.0%",
        "  flip + re-ranking |100.0% |   2.0% |  10.0% |   20.0% |  5.0%",
        rule,
    ]
