"""Files of torch.save: written whole or not at all, read without running code in them."""

import io
import os
import warnings
import zipfile
from pathlib import Path

import torch

from .errors import InputError, os_reason


def save_atomically(content: dict, file: Path, previous: Path | None = None) -> None:
    """torch.save by way of a temporary name in the same folder.

    Args:
        content: tensors and plain values.
        file: to write.
        previous: name that the file which is there so far gets, once the new one is whole.

    Raises:
        InputError: the disk is full or read-only; the file, if there was one, is as it was.
    """
    part = file.with_name(file.name + ".part")
    try:
        # Through memory: writing to a full disk itself, torch.save hides the system's reason.
        buffer = io.BytesIO()
        torch.save(content, buffer)
        with open(part, "wb") as stream:
            stream.write(buffer.getbuffer())
            stream.flush()
            os.fsync(stream.fileno())
        if previous and file.exists():
            os.replace(file, previous)
        os.replace(part, file)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise InputError(
            f"cannot write {file}: {os_reason(error)}; the weights saved before are whole"
        ) from None


def load_checkpoint(path: str | Path) -> object:
    """What a file of torch.save holds, on the CPU.

    Raises:
        InputError: the file is missing, damaged, none of torch.save, or holds more than data.
    """
    try:
        _check_archive(path)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch warns of files that it then refuses
            # weights_only: a checkpoint from elsewhere must not run code here.
            return torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {os_reason(error)}") from None
    except Exception as error:  # torch raises about every kind of error on files that are none of its own
        if "Unsupported global" in str(error) or "GLOBAL" in str(error):
            raise InputError(
                f"{path} holds Python objects besides tensors, which could run code; save it anew with "
                "torch.save(model.state_dict(), file)"
            ) from None
        raise InputError(
            f"{path} is no checkpoint of PyTorch, or is damaged or cut short; get or copy it anew"
        ) from None


def _check_archive(path: str | Path) -> None:
    """Raise BadZipFile for an archive that is damaged or would grow when it is unpacked.

    torch.load looks at no checksum: a flipped bit would be a wrong weight.
    """
    if not zipfile.is_zipfile(path):  # a file of before torch 1.6, or none of torch
        return
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        stored = all(member.compress_type == zipfile.ZIP_STORED for member in members)
        if not stored or sum(member.file_size for member in members) > os.path.getsize(path):
            raise zipfile.BadZipFile("torch.save compresses nothing")
        if archive.testzip():
            raise zipfile.BadZipFile("a checksum does not fit")
