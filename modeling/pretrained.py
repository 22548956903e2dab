"""The initial weights of a training."""

import os
from contextlib import contextmanager
from urllib.error import URLError

import torch
from loguru import logger
from yacs.config import CfgNode

from utils.errors import InputError, os_reason

from .backbones import BackboneInfo
from .baseline import Baseline
from .weights import load_weights


def load_pretrained(cfg: CfgNode, model: Baseline) -> None:
    """Load the weights that MODEL.PRETRAIN_CHOICE and PRETRAIN_PATH name, and log how many matched.

    Raises:
        InputError: the file does not fit (see ``load_weights``), or cannot be downloaded.
    """
    if cfg.MODEL.PRETRAIN_CHOICE == "none":
        logger.info("Weights: random (MODEL.PRETRAIN_CHOICE none)")
        return
    name = cfg.MODEL.NAME
    if not cfg.MODEL.PRETRAIN_PATH and model.info.imagenet_tensors:
        library, _, network = name.partition("/")
        with _explained(name, f"{library} ({network})"):
            model.base.load_state_dict(model.info.imagenet_tensors())
        logger.info(f"Weights: {library}'s of {name}")
        return
    path = cfg.MODEL.PRETRAIN_PATH or _download(name, model.info)
    report = load_weights(model, path)
    logger.info(f"Weights: {path}: {report}")
    unfilled = [name for name in report.missing if name.startswith("base.")]
    if unfilled:
        logger.warning(
            f"{len(unfilled)} of the backbone's tensors keep their random values: is {path} for a "
            f"network other than {name}?"
        )


def _download(name: str, info: BackboneInfo) -> str:
    """Path of the ImageNet weights in torch's cache, downloaded if needed."""
    url = info.imagenet_url
    if not url:
        raise InputError(
            f"{name}: {info.no_imagenet}; name the file of its weights with --model_path, or start from "
            "random weights with --pretrain_choice none"
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
            "another way and name it with --model_path, or start from random weights with "
            "--pretrain_choice none"
        ) from None
