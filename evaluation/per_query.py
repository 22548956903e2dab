"""The result of each query, for a person or a program to read."""

import csv
import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import torch
from yacs.config import CfgNode

from utils.files import atomic_write

from .embedded import TestImages
from .evaluate import plain_scores
from .gallery import GalleryIndex
from .ranking import QueryRanks


def results_of_test(
    cfg: CfgNode,
    images: TestImages,
    ranks: QueryRanks,
    paths: Sequence[str],
    chosen: np.ndarray | None = None,
) -> list[dict]:
    """What the queries of a test found by the plain ranking, as ``query_results`` gives it.

    Args:
        cfg: the settings; those of TEST count, with the protocol 'standard'.
        images: as the network gives them.
        ranks: of each query, in this ranking.
        paths: files, by the images' ``indices``.
        chosen: places of queries among ``images.query``; None: all, as ``worst_first`` has them.
    """
    chosen = worst_first(ranks) if chosen is None else np.asarray(chosen)
    if not len(chosen):
        return []
    images = images._replace(query=images.query.where(torch.from_numpy(chosen)))
    ranks = QueryRanks(*(field[chosen] for field in ranks))
    index = GalleryIndex.of(images.query, images.gallery, cfg.TEST.SAME_CAMERA)
    q_paths, g_paths = ([paths[i] for i in part.indices.tolist()] for part in (images.query, images.gallery))
    return query_results(plain_scores(cfg, images), index, ranks, q_paths, g_paths, cfg.TEST.TOP_K)


def worst_first(ranks: QueryRanks) -> np.ndarray:
    """Places (Q,) of the queries from the worst to the best; those without a match are the last."""
    return np.argsort(ranks.average_precision, kind="stable")  # which puts NaN last


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
        One dict per query, in their order: query, pid, camid, average_precision, first_match (rank; None
            without a match), first_match_path, first_match_camid, top (list of path, camid, score, match).
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
                    "camid": int(index.g_camids[g]),
                    "score": round(score, 6),
                    "match": bool(index.g_pids[g] == index.q_pids[q]),
                }
                for g, score in zip(best.indices.tolist(), best.values.tolist(), strict=True)
            ]
            found = int(ranks.first_match[q])
            matches = own[is_match]
            nearest = matches[int(row[torch.from_numpy(matches).to(row.device)].argmax())] if found else None
            results.append(
                {
                    "query": q_paths[q],
                    "pid": int(index.q_pids[q]),
                    "camid": int(index.q_camids[q]),
                    "average_precision": float(ranks.average_precision[q]) if found else None,
                    "first_match": found or None,
                    "first_match_path": g_paths[nearest] if found else None,
                    "first_match_camid": int(index.g_camids[nearest]) if found else None,
                    "top": top,
                }
            )
    return results


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
