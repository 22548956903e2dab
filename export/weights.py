"""Weights to hand on: half precision, without the classifier, and settings without this machine's paths."""

from pathlib import Path

from yacs.config import CfgNode

from config import changed
from config.defaults import SETTINGS
from utils.checkpoint_file import save_atomically
from utils.files import atomic_write
from utils.run_folder import own_settings

from .form import Form, Source

NAMES = ("DATASETS.NAMES", "DATASETS.TEST_NAME")  # of which a path's last part says enough


def write_weights(source: Source, form: Form, file: Path) -> None:
    """Write ``<file>``, a state dict in float16 that every command takes; beside it ``<stem>.config.yml``.

    Raises:
        InputError: the file cannot be written.
    """
    halved = {
        name: tensor.half() if tensor.is_floating_point() else tensor
        for name, tensor in source.network.state_dict().items()
        if not name.startswith("classifier.")
    }
    save_atomically(halved, file)
    with atomic_write(own_settings(file)) as stream:
        stream.write(portable(source.cfg).dump())


def portable(cfg: CfgNode) -> CfgNode:
    """The settings without what belongs to this machine: files, folders and device have their defaults."""
    local = [key for key, declared in SETTINGS.items() if declared.path and key not in NAMES]
    values = {key: SETTINGS[key].value for key in (*local, "MODEL.DEVICE", "MODEL.DEVICE_ID")}
    values["DATASETS.NAMES"] = tuple(Path(name).name for name in cfg.DATASETS.NAMES)
    values["DATASETS.TEST_NAME"] = Path(cfg.DATASETS.TEST_NAME).name
    return changed(cfg, values)
