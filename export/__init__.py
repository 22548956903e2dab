"""Trained networks in other forms, each checked against the network that it came from."""

from collections.abc import Callable
from pathlib import Path

from torch import nn
from yacs.config import CfgNode

from .parity import Parity, check_parity
from .weights import export_weights

# format -> export(cfg, network, file), which writes the file and gives what it has in common with the network
FORMATS: dict[str, Callable[[CfgNode, nn.Module, Path], Parity]] = {"pth": export_weights}

__all__ = ["FORMATS", "Parity", "check_parity", "export_weights"]
