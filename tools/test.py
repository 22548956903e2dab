"""Measure mAP and Rank-1/5/10 of trained weights: python tools/test.py --help."""

import sys
from pathlib import Path

# The program's folders, from wherever it is called.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from loguru import logger
from yacs.config import CfgNode

from data import make_multi_query_loader, make_val_loader, read_dataset
from data.validation import check_queries
from engine import Evaluation, do_inference, load_network
from evaluation import GalleryIndex, TestImages
from evaluation.calibration import calibration_table, operating_points, roc, save_calibration
from evaluation.per_query import results_of_test, save_query_results, worst_lines
from tools.start import start
from utils.command import run_command
from utils.distributed import leave_processes
from utils.logger import log_plain


def main(argv: list[str] | None = None) -> int:
    """Read the data, load the weights, evaluate."""
    cfg, device = start("test", argv)
    dataset = read_dataset(cfg, train=False)
    check_queries(dataset, cfg)
    cfg, model = load_network(cfg, device)
    val_loader = make_val_loader(cfg, dataset, device)
    multi_query_loader = make_multi_query_loader(cfg, dataset, device) if cfg.TEST.MULTI_QUERY else None
    found = do_inference(cfg, model, val_loader, len(dataset.query), multi_query_loader)
    leave_processes()
    if found is None:
        return 0
    if cfg.TEST.CALIBRATE:
        calibrate(cfg, found.images)
    if cfg.TEST.SAVE_RESULTS or cfg.TEST.SHOW_WORST:
        report_queries(cfg, found, [record.path for record in val_loader.dataset.records])
    return 0


def calibrate(cfg: CfgNode, images: TestImages) -> None:
    """Log the similarity thresholds and write them beside the weights."""
    query, gallery = images.query.normalised(), images.gallery.normalised()
    index = GalleryIndex.of(query, gallery, cfg.TEST.SAME_CAMERA)
    curve = roc(query.features, gallery.features, index)
    points = operating_points(curve)
    log_plain(calibration_table(points))
    for file in save_calibration(points, curve, Path(cfg.TEST.WEIGHT)):
        logger.info(f"Saved {file}")


def report_queries(cfg: CfgNode, found: Evaluation, paths: list[str]) -> None:
    """Log the worst queries and save the results of all."""
    results = results_of_test(cfg, found.images, found.ranks, paths)
    if cfg.TEST.SHOW_WORST:
        log_plain(worst_lines(results, cfg.TEST.SHOW_WORST))
    if cfg.TEST.SAVE_RESULTS:
        save_query_results(results, Path(cfg.TEST.SAVE_RESULTS))
        logger.info(f"Saved {cfg.TEST.SAVE_RESULTS}")


if __name__ == "__main__":
    run_command(main)
