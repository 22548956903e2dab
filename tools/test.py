"""Measure mAP and Rank-1/5/10 of trained weights: python tools/test.py --help."""

import sys
from pathlib import Path

# The program's folders, from wherever it is called.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import torch.nn.functional as F
from loguru import logger
from yacs.config import CfgNode

from data import make_multi_query_loader, make_val_loader, read_dataset
from data.validation import check_queries
from engine import TestImages, do_inference, plain_scores
from modeling import build_model, load_weights
from tools.start import start
from utils.calibration import calibration_table, operating_points, roc, save_calibration
from utils.distributed import leave_processes
from utils.errors import run_command
from utils.logger import log_plain
from utils.ranking import GalleryIndex, QueryRanks
from utils.results import query_results, save_results, worst_lines


def main(argv: list[str] | None = None) -> int:
    """Read the data, load the weights, evaluate."""
    cfg, device = start("test", argv)
    dataset = read_dataset(cfg, train=False)
    check_queries(dataset, cfg)
    model = build_model(cfg, num_classes=0)
    report = load_weights(model, cfg.TEST.WEIGHT, complete=True)
    logger.info(f"Weights: {cfg.TEST.WEIGHT}: {report}")
    if not Path(cfg.TEST.WEIGHT).with_name("config.yml").is_file() and cfg.MODEL.STEM_RELU:
        logger.info(
            "No config.yml beside the weights; if a plain ResNet of reid-strong-baseline made them, test "
            "with MODEL.STEM_RELU no"
        )
    val_loader = make_val_loader(cfg, dataset, device)
    multi_query_loader = make_multi_query_loader(cfg, dataset, device) if cfg.TEST.MULTI_QUERY else None
    found = do_inference(cfg, model, val_loader, len(dataset.query), device, multi_query_loader)
    leave_processes()
    if found is None:
        return 0
    images, ranks = found
    if cfg.TEST.CALIBRATE:
        calibrate(cfg, images)
    if cfg.TEST.SAVE_RESULTS or cfg.TEST.SHOW_WORST:
        report_queries(cfg, images, ranks, [record.path for record in val_loader.dataset.records])
    return 0


def calibrate(cfg: CfgNode, images: TestImages) -> None:
    """Log the similarity thresholds and write them beside the weights."""
    query, gallery = images
    curve = roc(
        F.normalize(query.features),
        F.normalize(gallery.features),
        query.pids,
        gallery.pids,
        query.camids,
        gallery.camids,
        cfg.TEST.SAME_CAMERA,
    )
    points = operating_points(curve)
    log_plain(calibration_table(points))
    for file in save_calibration(points, curve, Path(cfg.TEST.WEIGHT)):
        logger.info(f"Saved {file}")


def report_queries(cfg: CfgNode, images: TestImages, ranks: QueryRanks, paths: list[str]) -> None:
    """Log the worst queries and save the results of all."""
    query, gallery = images
    index = GalleryIndex(query.pids, gallery.pids, query.camids, gallery.camids, cfg.TEST.SAME_CAMERA)
    q_paths, g_paths = ([paths[i] for i in part.indices.tolist()] for part in images)
    scores = plain_scores(cfg, query.features, gallery.features)
    results = query_results(scores, index, ranks, q_paths, g_paths, cfg.TEST.TOP_K)
    if cfg.TEST.SHOW_WORST:
        log_plain(worst_lines(results, cfg.TEST.SHOW_WORST))
    if cfg.TEST.SAVE_RESULTS:
        save_results(results, Path(cfg.TEST.SAVE_RESULTS))
        logger.info(f"Saved {cfg.TEST.SAVE_RESULTS}")


if __name__ == "__main__":
    run_command(main)
