"""What a training starts from."""

import os
from urllib.error import URLError

import torch
from loguru import logger
from torchvision.models import get_model_weights
from yacs.config import CfgNode

from utils.errors import InputError, os_reason

from .baseline import Baseline
from .weights import load_weights

_IBN_RELEASE = "https://github.com/XingangPan/IBN-Net/releases/download/v1.0/"
IBN_FILES = {
    "resnet18_ibn_a": "resnet18_ibn_a-2f571257.pth",
    "resnet34_ibn_a": "resnet34_ibn_a-94bc1577.pth",
    "resnet50_ibn_a": "resnet50_ibn_a-d9d0bb7b.pth",
    "resnet101_ibn_a": "resnet101_ibn_a-59ea0ac6.pth",
    "resnet50_ibn_b": "resnet50_ibn_b-9ca61e85.pth",
}


def load_pretrained(cfg: CfgNode, model: Baseline) -> None:
    """Load the weights that MODEL.PRETRAIN_CHOICE and PRETRAIN_PATH name, and log how many fitted.

    Raises:
        InputError: the file does not fit (see ``load_weights``), or cannot be downloaded.
    """
    if cfg.MODEL.PRETRAIN_CHOICE == "none":
        logger.info("Weights: random (MODEL.PRETRAIN_CHOICE none)")
        return
    path = cfg.MODEL.PRETRAIN_PATH or _download(cfg.MODEL.NAME)
    report = load_weights(model, path)
    logger.info(f"Weights: {path}: {report}")
    unfilled = [name for name in report.missing if name.startswith("base.")]
    if unfilled:
        logger.warning(
            f"{len(unfilled)} of the backbone's tensors start from random numbers: is {path} for "
            f"another network than {cfg.MODEL.NAME}?"
        )


def _download(name: str) -> str:
    """Path of the ImageNet weights in torch's cache, downloaded if need be."""
    url = (
        _IBN_RELEASE + IBN_FILES[name] if name in IBN_FILES else get_model_weights(name)["IMAGENET1K_V1"].url
    )
    folder = os.path.join(torch.hub.get_dir(), "checkpoints")
    path = os.path.join(folder, url.rpartition("/")[2])
    if not os.path.exists(path):
        logger.info(f"Downloading {url}")
        try:
            os.makedirs(folder, exist_ok=True)
            # Written to a temporary name, checked against the hash in its name, then renamed.
            torch.hub.download_url_to_file(
                url, path, hash_prefix=path.rpartition("-")[2].removesuffix(".pth")
            )
        except (URLError, TimeoutError, RuntimeError, OSError) as error:
            reason = os_reason(error) if isinstance(error, OSError) else error
            raise InputError(
                f"cannot download the ImageNet weights of {name} from {url} ({reason}); get the file "
                "another way and name it with --model_path, or start from random numbers with "
                "--pretrain_choice none"
            ) from None
    return path
