"""What a training starts from."""

import os
from contextlib import contextmanager
from urllib.error import URLError

import torch
from loguru import logger
from torchvision.models import get_model_weights
from yacs.config import CfgNode

from utils.errors import InputError, os_reason

from .backbones import TIMM, download_timm
from .backbones.osnet import OSNETS
from .baseline import Baseline
from .weights import load_weights

_IBN_RELEASE = "https://github.com/XingangPan/IBN-Net/releases/download/v1.0/"
IBN_FILES = {
    "resnet18_ibn_a": "resnet18_ibn_a-2f571257.pth",
    "resnet34_ibn_a": "resnet34_ibn_a-94bc1577.pth",
    "resnet50_ibn_a": "resnet50_ibn_a-d9d0bb7b.pth",
    "resnet101_ibn_a": "resnet101_ibn_a-59ea0ac6.pth",
    "resnet50_ibn_b": "resnet50_ibn_b-9ca61e85.pth",
    "se_resnet101_ibn_a": "se_resnet101_ibn_a-fabed4e2.pth",
}
# Networks whose ImageNet weights cannot be downloaded from here, and why.
_NONE = "no ImageNet weights are published in IBN-Net's names"
_ZOO = "its ImageNet weights are at https://kaiyangzhou.github.io/deep-person-reid/MODEL_ZOO"
ELSEWHERE = dict.fromkeys(("se_resnet50", "se_resnet101", "se_resnet50_ibn_a"), _NONE)
ELSEWHERE |= dict.fromkeys(OSNETS, _ZOO)


def load_pretrained(cfg: CfgNode, model: Baseline) -> None:
    """Load the weights that MODEL.PRETRAIN_CHOICE and PRETRAIN_PATH name, and log how many fitted.

    Raises:
        InputError: the file does not fit (see ``load_weights``), or cannot be downloaded.
    """
    if cfg.MODEL.PRETRAIN_CHOICE == "none":
        logger.info("Weights: random (MODEL.PRETRAIN_CHOICE none)")
        return
    name = cfg.MODEL.NAME
    if not cfg.MODEL.PRETRAIN_PATH and name.startswith(TIMM):
        with _explained(name, f"timm ({name.removeprefix(TIMM)})"):
            model.base.load_state_dict(download_timm(cfg))
        logger.info(f"Weights: timm's of {name}")
        return
    path = cfg.MODEL.PRETRAIN_PATH or _download(name)
    report = load_weights(model, path)
    logger.info(f"Weights: {path}: {report}")
    unfilled = [name for name in report.missing if name.startswith("base.")]
    if unfilled:
        logger.warning(
            f"{len(unfilled)} of the backbone's tensors start from random numbers: is {path} for "
            f"another network than {name}?"
        )


def _download(name: str) -> str:
    """Path of the ImageNet weights in torch's cache, downloaded if need be."""
    if name in ELSEWHERE:
        raise InputError(
            f"{name}: {ELSEWHERE[name]}; name the file of its weights with --model_path, or start from "
            "random numbers with --pretrain_choice none"
        )
    url = (
        _IBN_RELEASE + IBN_FILES[name] if name in IBN_FILES else get_model_weights(name)["IMAGENET1K_V1"].url
    )
    folder = os.path.join(torch.hub.get_dir(), "checkpoints")
    path = os.path.join(folder, url.rpartition("/")[2])
    if not os.path.exists(path):
        logger.info(f"Downloading {url}")
        with _explained(name, url):
            os.makedirs(folder, exist_ok=True)
            # Written to a temporary name, checked against the hash in its name, then renamed.
            torch.hub.download_url_to_file(
                url, path, hash_prefix=path.rpartition("-")[2].removesuffix(".pth")
            )
    return path


@contextmanager
def _explained(name: str, source: str):
    """Turns what a download may raise into one line."""
    try:
        yield
    except (URLError, TimeoutError, RuntimeError, OSError) as error:
        reason = os_reason(error) if isinstance(error, OSError) else error
        raise InputError(
            f"cannot download the ImageNet weights of {name} from {source} ({reason}); get the file "
            "another way and name it with --model_path, or start from random numbers with "
            "--pretrain_choice none"
        ) from None
