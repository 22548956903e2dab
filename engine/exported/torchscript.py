"""ReID networks as TorchScript, run by torch without this program's code."""

import json
import warnings
from pathlib import Path

import torch

from utils.errors import InputError

from .facts import Facts
from .network import ExportedNetwork

FACTS = "reid.json"  # name of the facts in the file


class ScriptNetwork(ExportedNetwork):
    """A network that ``tools/export.py --format torchscript`` wrote.

    Args:
        path: of the file.
        device: to compute on.

    Raises:
        InputError: it cannot be read, or is another program's.
    """

    def __init__(self, path: Path, device: torch.device):
        texts = {FACTS: ""}
        try:
            with warnings.catch_warnings():
                # Advice to export anew, with torch.export, to who has this file and wants to use it.
                warnings.filterwarnings("ignore", "`torch.jit.load`", FutureWarning)
                script = torch.jit.load(str(path), map_location=device, _extra_files=texts)
            facts = Facts.read(json.loads(texts[FACTS] or "{}"), str(path))
        except (RuntimeError, ValueError) as error:
            reason = str(error).strip().partition("\n")[0][:160]
            raise InputError(f"{path} cannot be loaded as TorchScript ({reason})") from None
        if facts is None:
            raise InputError(f"{path} was not written by tools/export.py; export it again")
        super().__init__(path, facts)
        self._script, self._device = script.eval(), device
        self.feature_dim = facts.feature_dim

    @torch.inference_mode()
    def run(self, batch: torch.Tensor) -> torch.Tensor:
        """The file's own input, any number of images, to (B, D)."""
        return self._script(batch.to(self._device))
