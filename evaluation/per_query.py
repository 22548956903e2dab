"""The result of each query, for a person or a program to read."""

import csv
import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import torch

from utils.files import atomic_write

from .gallery import GalleryIndex
from .ranking import QueryRanks


def query_results(
    scores: Iterable[torch.Tensor],
    index: GalleryIndex,
    ranks: QueryRanks,
    q_paths: Sequence[str],
    g_paths: Sequence[str],
    top_k: int = 10,
) -> list[dict]:
    """What each query found.

    Args:
        scores: chunks (m, G) of the scores that were ranked; overwritten.
        index: of the gallery; its left-out images are not listed.
        ranks: of each query.
        q_paths: (Q,) files.
        g_paths: (G,) files.
        top_k: gallery images listed.

    Returns:
        One dict per query, those with a match from the worst to the best, then those without one: query,
            pid, camid, average_precision, first_match (rank; None without a match), top (list of path, score,
            match).
    """
    results = []
    for chunk in scores:
        for row in chunk:
            q = len(results)
            own, is_match = index.own(q)
            row[torch.from_numpy(own[~is_match]).to(row.device)] = -torch.inf
            best = row.topk(min(top_k, len(row) - int((~is_match).sum())))
            top = [
                {
                    "path": g_paths[g],
                    "score": round(score, 6),
                    "match": bool(index.g_pids[g] == index.q_pids[q]),
                }
                for g, score in zip(best.indices.tolist(), best.values.tolist(), strict=True)
            ]
            found = int(ranks.first_match[q])
            results.append(
                {
                    "query": q_paths[q],
                    "pid": int(index.q_pids[q]),
                    "camid": int(index.q_camids[q]),
                    "average_precision": float(ranks.average_precision[q]) if found else None,
                    "first_match": found or None,
                    "top": top,
                }
            )
    return sorted(results, key=lambda r: (r["first_match"] is None, r["average_precision"] or 0))


def save_query_results(results: list[dict], file: Path) -> None:
    """Write the results as .json (nested), .csv or .parquet (top images in columns top1_path, top1_score, …).

    Raises:
        InputError: the file cannot be written.
    """
    if file.suffix == ".json":
        with atomic_write(file) as stream:
            json.dump(results, stream, ensure_ascii=False, indent=1)
        return
    rows = [_flat(result) for result in results]
    columns = max((list(row) for row in rows), key=len)
    if file.suffix == ".csv":
        # With a byte order mark, so that Excel reads names in any language.
        with atomic_write(file, newline="", encoding="utf-8-sig") as stream:
            writer = csv.DictWriter(stream, columns)
            writer.writeheader()
            writer.writerows(rows)
    else:
        import pyarrow
        import pyarrow.parquet

        table = pyarrow.table({column: [row.get(column) for row in rows] for column in columns})
        with atomic_write(file, "wb") as stream:
            pyarrow.parquet.write_table(table, stream)


def worst_lines(results: list[dict], number: int) -> str:
    """The first results, one per line: the worst if they are sorted so."""
    lines = [f"  {'AP':>6} | first match at rank | query"]
    for result in results[:number]:
        if result["first_match"]:
            lines.append(
                f"  {result['average_precision']:6.1%} | {result['first_match']:>19} | {result['query']}"
            )
    return "\n".join(lines)


def _flat(result: dict) -> dict:
    top = result["top"]
    row = {key: value for key, value in result.items() if key != "top"}
    for place, image in enumerate(top, 1):
        row |= {f"top{place}_{key}": value for key, value in image.items()}
    return row
