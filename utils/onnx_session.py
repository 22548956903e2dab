"""Networks in ONNX files."""

import os
import re
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from loguru import logger

from .errors import InputError, one_line
from .files import reading, sha256

if TYPE_CHECKING:
    import onnxruntime

# Weights may be in a file beside the network's, as torch.onnx.export writes large ones.
FOLDER = "session.model_external_initializers_file_folder_path"
# A tensor's entry "location", as protobuf writes it: key and value, each after its tag and its length. The
# value is the name of such a file; its length takes one byte or, from 128 on, two.
LOCATION = re.compile(rb"\n\x08location\x12([\x80-\xff]?[\x00-\x7f])")
CUDA = "CUDAExecutionProvider"


def open_session(
    runtime: ModuleType, path: str | Path, cuda: bool, threads: int
) -> "onnxruntime.InferenceSession":
    """Open a network in an ONNX file.

    Args:
        runtime: the module ``onnxruntime``; who calls knows which requirements it is in.
        path: of the file.
        cuda: whether the GPU may be used, where there is one.
        threads: that an operator may use on the CPU.

    Raises:
        InputError: it cannot be read, or is none.
    """
    options = runtime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3  # errors only
    options.add_session_config_entry(FOLDER, str(Path(path).absolute().parent))
    wanted = [CUDA] * cuda + ["CPUExecutionProvider"]
    providers = [name for name in wanted if name in runtime.get_available_providers()]
    with reading(path):
        content = Path(path).read_bytes()
    try:
        # The bytes, not the path, which onnxruntime cannot open in every language on Windows.
        session = runtime.InferenceSession(content, options, providers=providers)
    except Exception as error:  # of onnxruntime, which has no class for them
        raise InputError(f"{one_line(str(path))} cannot be loaded as ONNX ({first_line(error)})") from None
    if CUDA in providers and CUDA not in session.get_providers():
        logger.warning(
            f"{one_line(str(path))} runs on the CPU: onnxruntime could not start CUDA; are the versions of "
            "CUDA and cuDNN those that onnxruntime-gpu needs?"
        )
    return session


def network_sha256(path: str | Path) -> str:
    """SHA-256 of a network's file; for ONNX, together with the files of weights beside it that it names.

    Two trainings of a network give the same ONNX file, if its weights are in another.

    Raises:
        InputError: one of them cannot be read.
    """
    path = Path(path)
    return sha256(path, *(_files_of_weights(path) if path.suffix.lower() == ".onnx" else ()))


def _files_of_weights(path: Path) -> list[Path]:
    """Those that an ONNX file names and that are there."""
    with reading(path):
        content = path.read_bytes()
    names = set()
    for found in LOCATION.finditer(content):
        length = sum((byte & 127) << 7 * place for place, byte in enumerate(found[1]))
        names.add(content[found.end() : found.end() + length].decode(errors="replace"))
    return [path.parent / name for name in sorted(names) if os.path.isfile(path.parent / name)]


def first_line(error: Exception) -> str:
    """What an exception of onnxruntime says, without its traces."""
    return one_line(str(error).strip().partition("\n")[0])
