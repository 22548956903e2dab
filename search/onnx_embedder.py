"""ReID networks as ONNX files, run by onnxruntime."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import torch

from utils.errors import InputError

from .gallery import WeightsFingerprint
from .optional import need

# What networks trained on top of ImageNet's weights read, if the file does not say otherwise.
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
SIZE = (256, 128)


class OnnxEmbedder:
    """A network (N, 3, H, W) float32 RGB -> (N, D).

    Args:
        path: of the file.
        device: 'cuda' uses onnxruntime's CUDA provider where there is one.

    Raises:
        InputError: it cannot be read, or takes or gives something else.
    """

    def __init__(self, path: Path, device: torch.device):
        onnxruntime = need("onnxruntime")
        self.weights = WeightsFingerprint.of(path)
        wanted = ["CUDAExecutionProvider"] if device.type == "cuda" else []
        available = onnxruntime.get_available_providers()
        providers = [name for name in (*wanted, "CPUExecutionProvider") if name in available]
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = torch.get_num_threads()
        try:
            self._session = onnxruntime.InferenceSession(path.read_bytes(), options, providers=providers)
        except Exception as error:  # onnxruntime's exceptions have no common base
            raise InputError(
                f"{path} cannot be loaded as ONNX ({str(error).splitlines()[0][:120]})"
            ) from None
        taken, given = self._session.get_inputs(), self._session.get_outputs()
        shape, features = taken[0].shape, given[0].shape
        if len(taken) != 1 or len(shape) != 4 or shape[1] != 3 or len(features) != 2:
            raise InputError(
                f"{path} is not a ReID network: it takes {[i.shape for i in taken]} and gives "
                f"{[o.shape for o in given]}, not (N, 3, H, W) and (N, D)"
            )
        self._input = taken[0].name
        self._size = tuple(n if isinstance(n, int) else s for n, s in zip(shape[2:], SIZE, strict=True))
        self._most = shape[0] if isinstance(shape[0], int) else None
        self.dim = (
            features[1]
            if isinstance(features[1], int)
            else self._run([np.zeros((8, 4, 3), np.uint8)]).shape[1]
        )

    def __call__(self, pictures: Sequence[np.ndarray]) -> np.ndarray:
        """(h, w, 3) uint8 BGR pictures of any size to (N, D) float32 vectors of length 1."""
        if not len(pictures):
            return np.empty((0, self.dim), np.float32)
        most = self._most or len(pictures)
        pieces = [self._run(pictures[first : first + most]) for first in range(0, len(pictures), most)]
        vectors = np.concatenate(pieces)
        return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)

    def _run(self, pictures: Sequence[np.ndarray]) -> np.ndarray:
        height, width = self._size
        pixels = np.stack([cv2.resize(picture, (width, height)) for picture in pictures])[..., ::-1]
        images = (pixels / np.float32(255) - np.float32(MEAN)) / np.float32(STD)
        batch = np.ascontiguousarray(images.transpose(0, 3, 1, 2))
        if self._most and len(batch) < self._most:  # a network for batches of one size
            batch = np.concatenate([batch, np.zeros((self._most - len(batch), *batch.shape[1:]), np.float32)])
        return self._session.run(None, {self._input: batch})[0][: len(pictures)].astype(np.float32)
