"""What ``torch.hub.load("<folder or owner/repository>", "reid", source=…)`` gives of this program."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

    from engine import FeatureExtractor

# The modules of requirements.txt.
dependencies = [
    *(
        "torch",
        "torchvision",
        "timm",
        "ignite",
        "yacs",
        "yaml",
        "numpy",
        "scipy",
        "cv2",
        "filelock",
        "loguru",
    ),
    *("tqdm", "matplotlib", "psutil", "pyarrow", "jinja2"),
]

_ROOT = Path(__file__).resolve().parent
# Top folders, whose names are common ones such as data and utils.
_OWN = {path.parent.name for path in _ROOT.glob("*/__init__.py")}
_loaded: dict[str, ModuleType] = {}


def reid(
    weights: str | Path | None = None, device: str | torch.device | None = None, batch_size: int = 64
) -> FeatureExtractor:
    """A trained network that gives the features of images of people.

        extractor = torch.hub.load("/path/to/this/program", "reid", source="local")
        features = extractor(["a.jpg", "b.jpg"])  # (2, D) float32
        similarity = torch.nn.functional.cosine_similarity(features[0], features[1], dim=0)

    Args:
        weights: file of this program's weights, beside its config.yml, or an exported ONNX file; None: the
            ready one in ``weights/``.
        device: such as ``cuda:0``; None: a GPU if there is one, else the CPU.
        batch_size: most images at a time.

    Returns:
        An extractor. It takes a list of paths, of (h, w, 3) uint8 RGB arrays (OpenCV's are BGR:
        ``image[..., ::-1]``) or of (3, h, w) uint8 RGB tensors, of any size, and gives (N, D) float32 on the
        host; ``extractor.model.feature_dim`` is D.

    Raises:
        InputError: the weights are missing or damaged.
    """
    import torch

    with _own_modules():
        from config import READY_MODELS
        from engine import load_extractor
        from utils.errors import InputError

        file = Path(weights or READY_MODELS["mobilenet_v2"])
        if not file.is_file():
            hint = "" if weights else ", the ready weights; name others with weights="
            raise InputError(f"{file}: no such file{hint}")
        device = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
        return load_extractor(file, device, batch_size)


@contextmanager
def _own_modules() -> Iterator[None]:
    """Let ``import data`` mean this program's folder, whatever a caller has of that name, and not after.

    The caller's modules of such names step aside meanwhile, and OpenCV keeps the caller's threads, which
    reading with several processes turns off.
    """
    import cv2

    def take_out() -> dict[str, ModuleType]:
        return {name: sys.modules.pop(name) for name in [*sys.modules] if name.partition(".")[0] in _OWN}

    threads, callers = cv2.getNumThreads(), take_out()
    sys.modules.update(_loaded)
    sys.path.insert(0, str(_ROOT))
    try:
        yield
    finally:
        sys.path.remove(str(_ROOT))
        _loaded.update(take_out())
        sys.modules.update(callers)
        cv2.setNumThreads(threads)
