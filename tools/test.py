"""Measure mAP and Rank-1/5/10 of trained weights: python tools/test.py --help."""

import sys
from pathlib import Path

sys.path.insert(
    0, str(Path(__file__).resolve().parent.parent)
)  # the program's folders, from wherever it is called

from loguru import logger

from config import ConfigError
from data import make_val_loader, read_dataset
from engine import do_inference
from modeling import build_model, load_weights
from tools.start import start
from utils.errors import run_command


def main() -> None:
    """Read the data, load the weights, evaluate."""
    cfg, device = start("test")
    dataset = read_dataset(cfg)
    model = build_model(cfg, num_classes=0)
    report = load_weights(model, cfg.TEST.WEIGHT, complete=True)
    logger.info(f"Weights: {cfg.TEST.WEIGHT}: {report}")
    if not Path(cfg.TEST.WEIGHT).with_name("config.yml").is_file() and cfg.MODEL.STEM_RELU:
        logger.info(
            "No config.yml beside the weights; if a plain ResNet of reid-strong-baseline made them, test "
            "with MODEL.STEM_RELU no"
        )
    do_inference(cfg, model, make_val_loader(cfg, dataset), len(dataset.query), device)


if __name__ == "__main__":
    run_command(main, ConfigError)
