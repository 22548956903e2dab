"""Weights on disk: mAPxx.pth, the best and the newest."""

import shutil
from pathlib import Path

from torch import nn

from modeling import ADAPTERS
from utils.errors import InputError
from utils.run_folder import RunFolder

from .saving import BackgroundSaver


class BestCheckpoints:
    """Keeps ``mAPxx.pth`` (xx: mAP in percent) of the best evaluations and of the newest.

    Files are always whole, for readers and after a crash. When two evaluations give the same xx, the newer
    takes the name.

    Args:
        folder: of the run.
        keep_best: how many of the best are kept; 0: all.
        saver: writes the files.
        distilled: the files are named ``mAP_KD_xx.pth``, and what only a student's training needs is left
            out.
    """

    def __init__(self, folder: RunFolder, keep_best: int, saver: BackgroundSaver, distilled: bool = False):
        self.folder, self.keep_best = folder, keep_best
        self.saver, self.distilled = saver, distilled
        self._kept: dict[Path, float] = {}  # file -> mAP

    def check_space(self, model: nn.Module) -> None:
        """Raise an InputError if the disk has no room for the files of the run."""
        size = sum(tensor.numel() * tensor.element_size() for tensor in model.state_dict().values())
        # The best, the newest and the one being written; then three copies of last.pth, each with two more
        # numbers per weight, the optimizer's.
        needed = size * (self.keep_best + 2 + 3 * 3)
        free = shutil.disk_usage(self.folder.path).free
        if free < needed:
            raise InputError(
                f"{self.folder.path} has {free >> 20} MB free, but the weights of this run need about "
                f"{needed >> 20} MB; free some space, or choose another folder with OUTPUT_DIR <folder>"
            )

    def save(self, model: nn.Module, mean_ap: float) -> Path:
        """Write the network's weights, then delete those that are neither among the best nor the newest.

        Args:
            model: whose state dict is saved, on the CPU in the standard memory layout.
            mean_ap: mAP of the evaluation, 0..1.

        Raises:
            InputError: an earlier file could not be written, as on a full or read-only disk; existing files
                are kept.
        """
        file = self.folder.weights(mean_ap, self.distilled)
        state = {
            name: tensor.contiguous()
            for name, tensor in model.state_dict().items()
            if not name.startswith(ADAPTERS)
        }
        self._kept.pop(file, None)
        self._kept[file] = float(mean_ap)
        surplus = self._surplus(newest=file)
        for old in surplus:
            del self._kept[old]
        self.saver.save(state, file, then=lambda: [old.unlink(missing_ok=True) for old in surplus])
        return file

    def _surplus(self, newest: Path) -> list[Path]:
        if not self.keep_best:
            return []
        best = sorted(self._kept, key=self._kept.get, reverse=True)[: self.keep_best]
        return [file for file in self._kept if file not in (*best, newest)]

    def state_dict(self) -> dict:
        """The names and results of the files that are kept."""
        return {file.name: mean_ap for file, mean_ap in self._kept.items()}

    def load_state_dict(self, state: dict) -> None:
        """Continue with the files of a ``state_dict``."""
        self._kept = {self.folder.path / name: mean_ap for name, mean_ap in state.items()}
