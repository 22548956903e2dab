"""ReID networks in OpenVINO's files, run by OpenVINO on the CPU."""

from pathlib import Path

import torch

from utils.errors import InputError, one_line

from .facts import Facts
from .network import ExportedNetwork
from .optional import need

FACTS = "reid"  # name of the facts in the file


class OpenVinoNetwork(ExportedNetwork):
    """A network that ``tools/export.py --format openvino`` wrote: an .xml file, beside its .bin.

    Args:
        path: of the .xml file.
        device: ignored.

    Raises:
        InputError: it cannot be read, or is another program's.
    """

    def __init__(self, path: Path, device: torch.device):
        openvino = need("openvino")
        # By default, processors with bfloat16 would compute in it, whatever the file says.
        settings = {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": torch.get_num_threads()}
        try:
            model = openvino.Core().read_model(path)
            texts = model.get_rt_info([FACTS]).astype(dict) if model.has_rt_info([FACTS]) else {}
            compiled = openvino.Core().compile_model(model, "CPU", settings)
        except RuntimeError as error:
            reason = one_line(str(error).strip().rpartition("\n")[2])[:160]
            raise InputError(f"{path} cannot be loaded by OpenVINO ({reason})") from None
        facts = Facts.read({name: value.astype(str) for name, value in texts.items()}, str(path))
        if facts is None:
            raise InputError(f"{path} was not written by tools/export.py; export it again")
        super().__init__(path, facts)
        self._compiled = compiled
        self.feature_dim = facts.feature_dim

    def run(self, batch: torch.Tensor) -> torch.Tensor:
        """The file's own input, any number of images, to (B, D)."""
        return torch.from_numpy(self._compiled(batch.cpu().numpy())[0])
