"""Networks in files of other formats than this program's weights, run by the programs these are for."""

from collections.abc import Callable
from pathlib import Path

import torch

from .facts import Facts
from .network import ExportedNetwork
from .onnx import OnnxNetwork
from .openvino import OpenVinoNetwork
from .torchscript import ScriptNetwork

# suffix of a file -> factory(path, device)
EXPORTED: dict[str, Callable[[Path, torch.device], ExportedNetwork]] = {
    ".onnx": OnnxNetwork,
    ".torchscript": ScriptNetwork,
    ".xml": OpenVinoNetwork,
}

__all__ = ["EXPORTED", "ExportedNetwork", "Facts", "OnnxNetwork", "OpenVinoNetwork", "ScriptNetwork"]
