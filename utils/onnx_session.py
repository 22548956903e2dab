"""Networks in ONNX files."""

from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from .errors import InputError, one_line, os_reason

if TYPE_CHECKING:
    import onnxruntime

# Weights may be in a file beside the network's, as torch.onnx.export writes large ones.
FOLDER = "session.model_external_initializers_file_folder_path"


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
    wanted = ["CUDAExecutionProvider"] * cuda + ["CPUExecutionProvider"]
    providers = [name for name in wanted if name in runtime.get_available_providers()]
    try:
        # The bytes, not the path, which onnxruntime cannot open in every language on Windows.
        return runtime.InferenceSession(Path(path).read_bytes(), options, providers=providers)
    except OSError as error:
        raise InputError(f"cannot read {one_line(str(path))}: {os_reason(error)}") from None
    except Exception as error:  # of onnxruntime, which has no class for them
        raise InputError(f"{one_line(str(path))} cannot be loaded as ONNX ({first_line(error)})") from None


def first_line(error: Exception) -> str:
    """What an exception of onnxruntime says, without its traces."""
    return one_line(str(error).strip().partition("\n")[0])
