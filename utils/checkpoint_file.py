"""Files of torch.save: written whole or not at all, read without running code in them."""

import argparse
import errno
import io
import os
import re
import warnings
import zipfile
from pathlib import Path

import numpy as np
import torch

from .errors import InputError, os_reason
from .files import atomic_write

# What numpy's scalars and arrays are pickled with, under the module's name before numpy 2 and since: other
# programs keep their Rank-1 as a numpy float. Numbers alone: of the types for strings and objects, numpy
# would believe whatever size a hostile file gives them.
_SCALAR, _ARRAY = (value.__reduce__()[0] for value in (np.float64(), np.empty(0)))
_NUMBERS = {type(np.dtype(code)) for code in "?bBhHiIlLqQefdFD"}
# And a command's flags, which DINO and many others keep beside the weights: names and values, without methods
# that anything here calls.
SAFE_GLOBALS = [np.ndarray, np.dtype, *_NUMBERS, argparse.Namespace]
SAFE_GLOBALS += [(_SCALAR, f"numpy.{core}.multiarray.scalar") for core in ("core", "_core")]
SAFE_GLOBALS += [(_ARRAY, f"numpy.{core}.multiarray._reconstruct") for core in ("core", "_core")]

# What torch says about anything else that is not data.
REFUSED = "Unsupported global|GLOBAL|Can only (build|create)|unrecognized function"


def save_atomically(content: dict, file: Path, previous: Path | None = None) -> None:
    """torch.save by way of a temporary name in the same folder.

    Args:
        content: tensors and plain values.
        file: to write.
        previous: new name for the existing file, once the new one is whole.

    Raises:
        InputError: the disk is full or read-only; an existing file is kept.
    """
    # Through memory: writing to a full disk itself, torch.save hides the system's reason.
    buffer = io.BytesIO()
    torch.save(content, buffer)
    with atomic_write(file, "wb", "the weights saved before are intact") as stream:
        stream.write(buffer.getbuffer())
        if previous and file.exists():
            stream.flush()
            os.fsync(stream.fileno())
            os.replace(file, previous)


def load_checkpoint(path: str | Path) -> object:
    """What a file of torch.save holds, on the CPU.

    Raises:
        InputError: the file is missing, damaged, not one of torch.save, or holds more than data.
    """
    try:
        _check_archive(path)
        with warnings.catch_warnings(), torch.serialization.safe_globals(SAFE_GLOBALS):
            warnings.simplefilter("ignore")  # torch warns about files that it then refuses
            # weights_only: a checkpoint from elsewhere must not run code here. Not mmap: Windows refuses to
            # replace a file that is mapped.
            return torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except Exception as error:  # torch raises almost any kind of error on files that are not its own
        # torch looks for an archive's table before the start of a small file: an "Invalid argument".
        if isinstance(error, OSError) and error.errno != errno.EINVAL:
            raise InputError(f"{path} cannot be read: {os_reason(error)}") from None
        if re.search(REFUSED, str(error)):
            raise InputError(
                f"{path} holds Python objects besides tensors, which could run code; save it again with "
                "torch.save(model.state_dict(), file)"
            ) from None
        raise InputError(
            f"{path} is not a PyTorch checkpoint, or is damaged or truncated; download or copy it again"
        ) from None


def _check_archive(path: str | Path) -> None:
    """Raise BadZipFile for an archive that is damaged or would grow when it is unpacked.

    torch.load verifies no checksums: a flipped bit would be a wrong weight.
    """
    if not zipfile.is_zipfile(path):  # a file from before torch 1.6, or not one of torch
        return
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        stored = all(member.compress_type == zipfile.ZIP_STORED for member in members)
        if not stored or sum(member.file_size for member in members) > os.path.getsize(path):
            raise zipfile.BadZipFile("torch.save compresses nothing")
        if archive.testzip():
            raise zipfile.BadZipFile("a checksum does not fit")
