"""Weights to hand on: half precision, without the classifier, and settings without this machine's paths."""

from copy import deepcopy
from functools import reduce
from operator import getitem
from pathlib import Path

from torch import nn
from yacs.config import CfgNode

from config.defaults import SETTINGS
from data.transforms import make_test_transform
from engine import FeatureExtractor
from utils.checkpoint_file import save_atomically
from utils.files import atomic_write
from utils.run_folder import own_settings

from .parity import Parity, check_parity

LEAST_COSINE = 0.999
NAMES = ("DATASETS.NAMES", "DATASETS.TEST_NAME")  # of which a path's last part says enough


def export_weights(cfg: CfgNode, model: nn.Module, file: Path) -> Parity:
    """Write ``<file>``, a state dict in float16 that every command takes; beside it ``<stem>.config.yml``.

    Args:
        cfg: the settings of the run.
        model: with its weights.
        file: to write.

    Returns:
        How near its features are, in float32.

    Raises:
        InputError: float16 cannot hold the weights, or the file cannot be written.
    """
    halved = {
        name: tensor.half() if tensor.is_floating_point() else tensor
        for name, tensor in model.state_dict().items()
        if not name.startswith("classifier.")
    }
    small = deepcopy(model)
    small.load_state_dict(halved, strict=False)
    transform, device = make_test_transform(cfg), next(model.parameters()).device
    networks = (FeatureExtractor(m, transform, device, amp=False) for m in (model, small))
    parity = check_parity(*networks, LEAST_COSINE)
    save_atomically(halved, file)
    with atomic_write(own_settings(file)) as stream:
        stream.write(portable(cfg).dump())
    return parity


def portable(cfg: CfgNode) -> CfgNode:
    """The settings without what belongs to this machine: files, folders and device have their defaults."""
    local = [key for key, declared in SETTINGS.items() if declared.path and key not in NAMES]
    cfg = cfg.clone()
    cfg.defrost()
    for key in (*local, "MODEL.DEVICE", "MODEL.DEVICE_ID"):
        *sections, name = key.split(".")
        reduce(getitem, sections, cfg)[name] = SETTINGS[key].value
    cfg.DATASETS.NAMES = tuple(Path(name).name for name in cfg.DATASETS.NAMES)
    cfg.DATASETS.TEST_NAME = Path(cfg.DATASETS.TEST_NAME).name
    return cfg
