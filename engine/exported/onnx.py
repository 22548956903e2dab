"""ReID networks as ONNX files, run by onnxruntime."""

from pathlib import Path

import numpy as np
import torch

from utils.errors import InputError
from utils.onnx_session import open_session

from .facts import Facts
from .network import ExportedNetwork
from .optional import need

USUAL_SIZE = (256, 128)  # height and width of images, where a file leaves them open
TYPES = {"tensor(float)": np.float32, "tensor(float16)": np.float16, "tensor(uint8)": np.uint8}


class OnnxNetwork(ExportedNetwork):
    """A network in an ONNX file: of ``tools/export.py``, or (N, 3, H, W) RGB to (N, D) of another program.

    Args:
        path: of the file.
        device: 'cuda' uses onnxruntime's CUDA provider where there is one.

    Raises:
        InputError: it cannot be read, or takes or gives something else.
    """

    def __init__(self, path: Path, device: torch.device):
        self._session = open_session(
            need("onnxruntime"), path, device.type == "cuda", torch.get_num_threads()
        )
        super().__init__(path, Facts.read(self._session.get_modelmeta().custom_metadata_map, str(path)))
        taken, given = self._session.get_inputs(), self._session.get_outputs()
        shape, features = taken[0].shape, given[0].shape
        pixels = bool(self.facts and self.facts.takes_pixels)
        known = len(taken) == 1 and len(shape) == 4 and shape[3 if pixels else 1] == 3 and len(features) == 2
        if not known or taken[0].type not in TYPES or (taken[0].type == "tensor(uint8)") != pixels:
            raise InputError(
                f"{path} is not a ReID network: it takes {[(i.type, i.shape) for i in taken]} and gives "
                f"{[o.shape for o in given]}, not (N, 3, H, W) and (N, D)"
            )
        self._input, self._dtype = taken[0].name, TYPES[taken[0].type]
        height, width = shape[1:3] if pixels else shape[2:]
        if isinstance(height, int) and isinstance(width, int):
            self.size = (height, width)
        self._batch = shape[0] if isinstance(shape[0], int) else None
        self.feature_dim = features[1] if isinstance(features[1], int) else self._try(shape)

    def run(self, batch: torch.Tensor) -> torch.Tensor:
        """The file's own input, any number of images, to (B, D)."""
        images = batch.cpu().numpy().astype(self._dtype, copy=False)
        if self._batch is None:
            return torch.from_numpy(self._session.run(None, {self._input: images})[0])
        # A network for batches of one size.
        missing = -len(images) % self._batch
        images = np.concatenate([images, np.zeros((missing, *images.shape[1:]), images.dtype)])
        found = [
            self._session.run(None, {self._input: images[start : start + self._batch]})[0]
            for start in range(0, len(images), self._batch)
        ]
        return torch.from_numpy(np.concatenate(found)[: len(batch)])

    def _try(self, shape: list) -> int:
        """The number of values of a feature, where the file leaves it open."""
        size = [n if isinstance(n, int) else usual for n, usual in zip(shape[2:], USUAL_SIZE, strict=True)]
        return self.run(torch.zeros(1, 3, *size)).shape[1]
