"""Weights on disk: mAPxx.pth, the best and the newest."""

import shutil
from pathlib import Path

from torch import nn

from modeling import ADAPTERS
from utils.checkpoint_file import save_atomically
from utils.errors import InputError


class BestCheckpoints:
    """Keeps ``mAPxx.pth`` (xx: mAP in percent) of the best evaluations and of the newest.

    A file is written to a temporary name and renamed, so that no reader and no crash sees half of one. When
    two evaluations give the same xx, the newer takes the name.

    Args:
        folder: of the run.
        keep_best: how many of the best are kept; 0: all.
        distilled: the files are named ``mAP_KD_xx.pth``, and what only a student's training needs is left
            out.
    """

    def __init__(self, folder: Path, keep_best: int, distilled: bool = False):
        self.folder = folder
        self.prefix = "mAP_KD_" if distilled else "mAP"
        self.keep_best = keep_best
        self._kept: dict[Path, float] = {}  # file -> mAP

    def check_space(self, model: nn.Module) -> None:
        """Raise an InputError if the disk has no room for the files of the run."""
        size = sum(tensor.numel() * tensor.element_size() for tensor in model.state_dict().values())
        # The best, the newest and the one being written; then last.pth three times, each of which also
        # holds two numbers for each weight, the optimizer's.
        needed = size * (self.keep_best + 2 + 3 * 3)
        free = shutil.disk_usage(self.folder).free
        if free < needed:
            raise InputError(
                f"{self.folder} has {free >> 20} MB free, the weights of this run need about "
                f"{needed >> 20} MB; free some, or choose another folder with OUTPUT_DIR <folder>"
            )

    def save(self, model: nn.Module, mean_ap: float) -> Path:
        """Write the network's weights, then delete those that are neither among the best nor the newest.

        Args:
            model: whose state dict is saved, on the CPU in the standard memory layout.
            mean_ap: mAP of the evaluation, 0..1.

        Raises:
            InputError: the disk is full or read-only; the files written before stay.
        """
        file = self.folder / f"{self.prefix}{100 * mean_ap:.1f}.pth"
        state = {name: tensor.cpu().contiguous() for name, tensor in model.state_dict().items()}
        save_atomically({name: state[name] for name in state if not name.startswith(ADAPTERS)}, file)
        self._kept.pop(file, None)
        self._kept[file] = float(mean_ap)
        if self.keep_best:
            best = sorted(self._kept, key=self._kept.get, reverse=True)[: self.keep_best]
            for old in set(self._kept) - {*best, file}:
                old.unlink(missing_ok=True)
                del self._kept[old]
        return file

    def state_dict(self) -> dict:
        """The names and results of the files that are kept."""
        return {file.name: mean_ap for file, mean_ap in self._kept.items()}

    def load_state_dict(self, state: dict) -> None:
        """Go on with the files of a ``state_dict``."""
        self._kept = {self.folder / name: mean_ap for name, mean_ap in state.items()}
