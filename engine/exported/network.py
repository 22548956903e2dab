"""A network that another program runs, in the place of one of torch."""

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any

import torch
from loguru import logger
from torch import nn
from yacs.config import CfgNode

from config import changed
from config.checks import get_value
from config.defaults import SETTINGS

from .facts import Facts

# With these, the transform of the settings leaves pixels as they are, 0 to 255.
PIXEL_MEAN, PIXEL_STD = [0.0, 0.0, 0.0], [1 / 255, 1 / 255, 1 / 255]


class ExportedNetwork(nn.Module, ABC):
    """Gives features as a network of torch does, once it is given images as ``settings`` describe them.

    Args:
        path: of its file.
        facts: what the file says about it; None: nothing, as those of other programs.

    Attributes:
        size: height and width of its images [pixels]; None where the file leaves them open.
        feature_dim: D, width of its features.
    """

    size: tuple[int, int] | None
    feature_dim: int

    def __init__(self, path: Path, facts: Facts | None):
        super().__init__()
        self.path, self.facts = path, facts
        self.size = facts.input_size if facts else None

    def settings(self, cfg: CfgNode) -> CfgNode:
        """Settings as the file wants them: size and pixels of its images, and no lower precision.

        What the file does not say stays. Where settings that are not the defaults say otherwise, a warning
        tells.
        """
        said: dict[str, Any] = {"INPUT.SIZE_TEST": list(self.size)} if self.size else {}
        if facts := self.facts:
            said["INPUT.PIXEL_MEAN"], said["INPUT.PIXEL_STD"] = list(facts.pixel_mean), list(facts.pixel_std)
            said["TEST.NECK_FEAT"] = facts.neck_feat
        for key, value in said.items():
            if (wanted := get_value(cfg, key)) not in (value, SETTINGS[key].value):
                logger.warning(f"{key} is {value}, as {self.path} says, not {wanted}")
        if facts and facts.takes_pixels:
            said |= {"INPUT.PIXEL_MEAN": PIXEL_MEAN, "INPUT.PIXEL_STD": PIXEL_STD}
        return changed(cfg, said | {"SOLVER.AMP": False})

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """(B, 3, H, W) float32, any B, to (B, D) float32, on the device of the images."""
        return self.run(self.prepared(images)).float().to(images.device)

    def prepared(self, images: torch.Tensor) -> torch.Tensor:
        """Images as the file's own input."""
        if self.facts and self.facts.takes_pixels:
            return images.round().to(torch.uint8).permute(0, 2, 3, 1).contiguous()
        return images.contiguous()

    @abstractmethod
    def run(self, batch: torch.Tensor) -> torch.Tensor:
        """The file's own input, any number of images, to (B, D)."""
