"""One loader for every file of weights: what fits is loaded, what does not is named, too little stops."""

from pathlib import Path
from typing import NamedTuple

import torch
from torch import nn

from utils.checkpoint_file import load_checkpoint
from utils.errors import InputError

# Prefixes that wrappers leave on every name: DataParallel, torch.compile, Lightning.
PREFIXES = ("module.", "_orig_mod.", "model.")
# Least part of the file's tensors, and of the network's, that must have matched.
LEAST = 0.5


class LoadReport(NamedTuple):
    """What became of a file's tensors."""

    matched: int
    total: int  # tensors in the file
    left_out: list[str]  # names in the file that did not fit
    missing: list[str]  # names in the network that the file should have filled and did not

    def __str__(self) -> str:
        left = f"; left out: {_shorten(self.left_out)}" if self.left_out else ""
        missing = f"; not in the file: {_shorten(self.missing)}" if self.missing else ""
        return f"matched {self.matched} of {self.total} tensors{left}{missing}"


def load_weights(model: nn.Module, path: str | Path, complete: bool = False) -> LoadReport:
    """Load into a network whatever fits of a file.

    The file may be a backbone's (torchvision, IBN-Net) or a whole network's (of this program or
    reid-strong-baseline), a state dict or a dict around one, with or without ``module.`` before its names.
    Another number of classes is fine: the classifier is then left as it is.

    Args:
        model: ``Baseline``; changed in place.
        path: of the file.
        complete: demand all of the network but its classifier, as a test must.

    Raises:
        InputError: the file is missing, damaged, no checkpoint, or for another architecture.
    """
    state = read_state_dict(path)
    own = model.state_dict()
    if not any(name.startswith("base.") for name in state):
        state = {f"base.{name}": tensor for name, tensor in state.items()}
    fits = {name: tensor for name, tensor in state.items() if name in own and own[name].shape == tensor.shape}
    left_out = [name for name in state if name not in fits]
    # Old files have no num_batches_tracked; a backbone's file has no neck, and only a training needs the
    # classifier.
    wanted = [
        name
        for name in own
        if name.startswith(("base.", "bottleneck.") if complete else "base.")
        and not name.endswith("num_batches_tracked")
    ]
    missing = [name for name in wanted if name not in fits]
    report = LoadReport(len(fits), len(state), left_out, missing)
    matched = min(len(fits) / len(state), 1 - len(missing) / len(wanted))
    if matched < LEAST or complete and missing:
        reshaped = [name for name in left_out if name in own and not name.startswith("classifier.")]
        shapes = f"; other shapes: {_shorten(reshaped)}" if reshaped else ""
        raise InputError(
            f"{path} does not fit this network ({report}{shapes}); is MODEL.NAME (--model_name), "
            "or MODEL.NECK (--neck), another one?"
        )
    model.load_state_dict(fits, strict=False)
    return report


def read_state_dict(path: str | Path) -> dict[str, torch.Tensor]:
    """The names and tensors of a checkpoint, whatever is wrapped around them.

    Raises:
        InputError: the file is missing, damaged or no checkpoint.
    """
    state = _tensors(load_checkpoint(path))
    if not state:
        raise InputError(f"{path} holds no weights: no dict of names and tensors was found in it")
    for prefix in PREFIXES:
        if all(name.startswith(prefix) for name in state):
            state = {name.removeprefix(prefix): tensor for name, tensor in state.items()}
    return state


def _tensors(content) -> dict[str, torch.Tensor]:
    """The dict with the most tensors among ``content`` and the dicts in it."""
    if not isinstance(content, dict):
        return {}
    own = {str(name): value for name, value in content.items() if isinstance(value, torch.Tensor)}
    return max([own, *(_tensors(value) for value in content.values())], key=len)


def _shorten(names: list[str], most: int = 6) -> str:
    """``fc.weight, fc.bias`` as ``fc.*``, and so on for each module; a long list is cut."""
    modules = list(dict.fromkeys(name.rpartition(".")[0] for name in names))
    listed = ", ".join(f"{module.removeprefix('base.')}.*" for module in modules[:most])
    return listed + (f" and {len(modules) - most} more" if len(modules) > most else "")
