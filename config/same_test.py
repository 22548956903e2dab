"""Several networks, tested in the same way."""

from pathlib import Path

from yacs.config import CfgNode

from utils.run_folder import settings_beside

from .checks import Choices, get_value
from .defaults import SETTINGS
from .load import changed, load_cfg

# The settings of a test, whichever network it is of, but for those of OF_THE_NETWORK.
OF_THE_TEST = ("DATASETS.", "DATALOADER.", "TEST.", "MODEL.DEVICE", "SOLVER.AMP", "SEED", "DETERMINISTIC")
OF_THE_NETWORK = ("TEST.WEIGHT", "TEST.NECK_FEAT")


def same_test(cfg: CfgNode, weights: str, choices: Choices | None = None) -> CfgNode:
    """The settings that test other weights as ``cfg`` tests its own.

    What the network is comes from the settings beside them; where there are none, it is as in ``cfg``.

    Args:
        cfg: the settings of a test.
        weights: a file.
        choices: as for ``load_cfg``.

    Returns:
        A frozen tree.

    Raises:
        ConfigError: the settings beside them are not valid.
    """
    alike = {
        key: get_value(cfg, key)
        for key in SETTINGS
        if key.startswith(OF_THE_TEST) and key not in OF_THE_NETWORK
    }
    own = cfg
    if settings_beside(Path(weights)).is_file():
        own = load_cfg(["--model_path", weights], "test", choices)
    return changed(own, alike | {"TEST.WEIGHT": weights})
