"""Measure mAP and Rank-1/5/10 of trained weights: python tools/test.py --help."""

import shlex
import sys
import time
from pathlib import Path

# The program's folders, from wherever it is called.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import torch
from loguru import logger
from torch import nn
from yacs.config import CfgNode

import modeling
from config import check_paths, flat_settings, get_defaults, same_test
from data import make_multi_query_loader, make_val_loader, read_dataset
from data.datasets import ReidDataset
from data.reading import read_rgb
from data.validation import check_queries
from engine import Evaluation, do_inference, load_network
from evaluation import TestImages
from evaluation.calibration import calibration_table, operating_points, roc_of_test, save_calibration
from evaluation.html_report import About, Outcome, look_into, write_page
from evaluation.per_query import results_of_test, save_query_results, worst_lines
from tools.start import CHOICES, read_options, start
from utils.command import run_command
from utils.distributed import leave_processes
from utils.environment import device_words, git_commit, versions
from utils.errors import InputError
from utils.files import writing
from utils.logger import log_plain

THUMBNAIL = 128  # height [pixels]


def main(argv: list[str] | None = None) -> int:
    """Read the data, load the weights, evaluate; one network after another."""
    options = read_options("test", argv)
    cfg, device = start("test", argv)
    if options.compare and cfg.TEST.SAVE_RESULTS:
        raise InputError("--save_results is a file for one network; leave it or --compare out")
    if cfg.TEST.REPORT:
        with writing(cfg.TEST.REPORT):  # now, not after minutes
            Path(cfg.TEST.REPORT).parent.mkdir(parents=True, exist_ok=True)
    tests = [cfg, *(further(cfg, weights) for weights in options.compare)]
    dataset = read_dataset(cfg, train=False)
    check_queries(dataset, cfg)
    networks = [load_network(test, device) for test in tests]
    tested = [measure(*network, dataset, device) for network in networks]
    leave_processes()
    if cfg.TEST.REPORT and all(tested):
        write_page(Path(cfg.TEST.REPORT), tested, about(dataset, device))
        logger.info(f"Saved {cfg.TEST.REPORT}")
    return 0


def further(cfg: CfgNode, weights: str) -> CfgNode:
    """The settings to test further weights, checked."""
    cfg = same_test(cfg, weights, CHOICES)
    check_paths(cfg, "test")
    modeling.check_network(cfg, training=False)
    return cfg


def measure(cfg: CfgNode, model: nn.Module, dataset: ReidDataset, device: torch.device) -> Outcome | None:
    """Test one network, and do with its results what is asked; what a page shows, in the first process."""
    val_loader = make_val_loader(cfg, dataset, device)
    multi_query_loader = make_multi_query_loader(cfg, dataset, device) if cfg.TEST.MULTI_QUERY else None
    found = do_inference(cfg, model, val_loader, len(dataset.query), multi_query_loader)
    if found is None:
        return None
    if cfg.TEST.CALIBRATE:
        calibrate(cfg, found.images)
    paths = [record.path for record in val_loader.dataset.records]
    if cfg.TEST.SAVE_RESULTS or cfg.TEST.SHOW_WORST:
        report_queries(cfg, found, paths)
    if not cfg.TEST.REPORT:
        return None
    return look_into(cfg, found.images, found.results, paths, flat_settings(cfg))


def calibrate(cfg: CfgNode, images: TestImages) -> None:
    """Log the similarity thresholds and write them beside the weights."""
    curve = roc_of_test(images, cfg.TEST.SAME_CAMERA)
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


def about(dataset: ReidDataset, device: torch.device) -> About:
    """What a page says beside the results."""
    machine = {"device": device_words(device), "git commit": git_commit()}
    return About(
        dataset.name,
        time.strftime("%Y-%m-%d %H:%M"),
        f"python {shlex.join(sys.argv)}",
        versions() | machine,
        flat_settings(get_defaults()),
        dataset.names.camera,
        lambda path: read_rgb(path, THUMBNAIL),
    )


if __name__ == "__main__":
    run_command(main)
