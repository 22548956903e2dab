"""The official YOLOX files: downloaded once, and checked."""

import http.client
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from loguru import logger

from utils.errors import InputError, os_reason
from utils.files import sha256

from .detector import Settings
from .onnx import OnnxDetector
from .yolox import YoloX

RELEASE = "https://github.com/Megvii-BaseDetection/YOLOX/releases/download/0.1.1rc0/"
PATIENCE = 30.0  # seconds without data, after which a download has failed
# SHA-256 of the files. The release names none; these are the values that public repositories which download
# them from this address pin.
CHECKSUMS = {
    "yolox_nano": "c789161ed43c8269fcd4e67c67eeeb4e80c622da2eb296a20bc6007bd18a0b7d",
    "yolox_tiny": "427cc366d34e27ff7a03e2899b5e3671425c262ea2291f88bb942bc1cc70b0f7",
    "yolox_s": "c5c2d13e59ae883e6af3b45daea64af4833a4951c92d116ec270d9ddbe998063",
    "yolox_m": "21ff6cfdeb53b013bac2249599e55f00bff3cfdfdab37ed7a4620818c1d15b3f",
    "yolox_l": "7860ae79de6c89a3c1eb72ae9a2756c0ccfbe04b7791bb5880afabd97855a411",
    "yolox_x": "c892d7aaf1c4746d8a4d675bec669a4db4f434b4ee1efb654bc9b353379c7c55",
}


def official_yolox(name: str, settings: Settings) -> OnnxDetector:
    """The detector of an official file, from torch's cache or the release.

    Args:
        name: of ``CHECKSUMS``.
        settings: thresholds.

    Raises:
        InputError: it cannot be downloaded, or is not the official file.
    """
    path = os.path.join(torch.hub.get_dir(), "checkpoints", f"{name}.onnx")
    if not os.path.exists(path):
        _download(name, path)
    if (found := sha256(path)) != CHECKSUMS[name]:
        raise InputError(
            f"{path} is not the official file: its SHA-256 is {found[:12]}…, not {CHECKSUMS[name][:12]}…; "
            f"delete it, or use it nevertheless with --detector {path}"
        )
    detector = OnnxDetector(path, settings)
    assert isinstance(detector.layout, YoloX)
    return detector


def _download(name: str, path: str) -> None:
    url = f"{RELEASE}{name}.onnx"
    logger.info(f"Downloading {url}")
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with _patience():
            # Written to a temporary name, checked, then renamed.
            torch.hub.download_url_to_file(url, path, hash_prefix=CHECKSUMS[name])
    except (OSError, RuntimeError, http.client.HTTPException) as error:
        reason = os_reason(error) if isinstance(error, OSError) else error
        raise InputError(
            f"cannot download {url} ({reason}); get the file another way and name it with --detector FILE, "
            f"or copy it to {path}"
        ) from None


@contextmanager
def _patience() -> Iterator[None]:
    """Let connections that are opened meanwhile fail after ``PATIENCE``; torch itself sets no limit."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(PATIENCE)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)
