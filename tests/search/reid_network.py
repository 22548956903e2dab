"""A network that compares people, of random weights."""

from pathlib import Path

import torch
import yaml

from config import load_cfg
from modeling import build_model
from tests.conftest import SMALL_NET


def write_network(folder: Path, threshold: float) -> None:
    """Write net.pth, with its settings and calibration beside it.

    Args:
        folder: to write to.
        threshold: that its calibration says.
    """
    torch.manual_seed(0)
    cfg = load_cfg([*SMALL_NET, "--model_name", "osnet_x0_25"])
    torch.save(build_model(cfg, num_classes=2).state_dict(), folder / "net.pth")
    (folder / "net.config.yml").write_text(cfg.dump())
    calibration = {"similarity": "cosine", "fpr_1e-3": {"threshold": threshold}}
    (folder / "net.calibration.yml").write_text(yaml.safe_dump(calibration))
