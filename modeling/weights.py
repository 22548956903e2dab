"""One loader for every file of weights: what fits is loaded, what does not is named, too little stops."""

from pathlib import Path
from typing import NamedTuple

import torch
from loguru import logger
from torch import nn

from utils.checkpoint_file import load_checkpoint
from utils.errors import InputError

from .backbones import adapt

# Prefixes that wrappers leave on every name: DataParallel, torch.compile, Lightning.
PREFIXES = ("module.", "_orig_mod.", "model.")
# Layers that a ReID checkpoint may hold and a test can do without: a backbone's own classifier, a neck that
# the settings leave out, and what distillation trains beside the network.
SPARE = ("base.fc.", "base.classifier.", "bottleneck.", "adapters.")
# What is added to a backbone as an identity, so that pretrained weights need not have it.
ADDED = ("base.NL_2.", "base.NL_3.")
# Least part of the file's tensors, and of the network's, that must have matched.
LEAST = 0.5


class LoadReport(NamedTuple):
    """What became of a file's tensors."""

    matched: int
    total: int  # tensors in the file
    left_out: list[str]  # names in the file that did not fit
    missing: list[str]  # names in the network that the file should have filled and did not
    classifier: bool  # whether the network's classifier is the file's

    def __str__(self) -> str:
        left = f"; left out: {_shorten(self.left_out)}" if self.left_out else ""
        missing = f"; not in the file: {_shorten(self.missing)}" if self.missing else ""
        return f"matched {self.matched} of {self.total} tensors{left}{missing}"


def load_weights(model: nn.Module, path: str | Path, complete: bool = False) -> LoadReport:
    """Load into a network whatever fits of a file.

    The file may be a backbone's (torchvision, IBN-Net) or a whole network's (of this program or
    reid-strong-baseline), a state dict or a dict around one, with or without ``module.`` before its names.
    Another number of classes is fine: the classifier is then left as it is. A backbone whose layers all
    follow one another (``in_order``) takes a file of other names, too, if all its tensors are there in order.

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
    backbone = {name.removeprefix("base."): state.pop(name) for name in [*state] if name.startswith("base.")}
    state = {f"base.{name}": tensor for name, tensor in _translate(backbone, model.base).items()} | state
    fits = _fitting(state, own)
    left_out = [name for name in state if name not in fits]
    wanted = [name for name in own if (_is_tested(name) if complete else _is_pretrained(name))]
    missing = [name for name in wanted if name not in fits]
    classifier = all(name in fits for name in own if _is_classifier(name))
    report = LoadReport(len(fits), len(state), left_out, missing, classifier)
    matched = min(len(fits) / len(state), 1 - len(missing) / len(wanted))
    # A test without a layer that the weights were trained with would be one of another network.
    unread = [name for name in left_out if not _is_classifier(name) and not name.startswith(SPARE)]
    if matched < LEAST or complete and (missing or unread):
        reshaped = [name for name in left_out if name in own and not _is_classifier(name)]
        shapes = f"; other shapes: {_shorten(reshaped)}" if reshaped else ""
        raise InputError(
            f"{path} does not fit this network ({report}{shapes}); is MODEL.NAME (--model_name), "
            "MODEL.NECK (--neck), POOLING, EMBEDDING_DIM, NON_LOCAL or HEAD another one?"
        )
    model.load_state_dict(fits, strict=False)
    return report


def _is_classifier(name: str) -> bool:
    return "classifier." in name and not name.startswith("base.")


def _is_tested(name: str) -> bool:
    """Whether a test needs the tensor; old files have no num_batches_tracked."""
    return not _is_classifier(name) and not name.endswith("num_batches_tracked")


def _is_pretrained(name: str) -> bool:
    """Whether a backbone's file should have the tensor."""
    return name.startswith("base.") and not name.startswith(ADDED) and _is_tested(name)


def _fitting(state: dict[str, torch.Tensor], own: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {name: tensor for name, tensor in state.items() if name in own and own[name].shape == tensor.shape}


def _translate(state: dict[str, torch.Tensor], base: nn.Module) -> dict[str, torch.Tensor]:
    """A file's tensors in the names and shapes of the backbone, where there is a way to tell them."""
    if all(name in state and state[name].shape == tensor.shape for name, tensor in base.state_dict().items()):
        return state
    if hasattr(base, "has_maps"):
        return adapt(state, base)
    return _in_order(state, base) if getattr(base, "in_order", False) else state


def _in_order(state: dict[str, torch.Tensor], base: nn.Module) -> dict[str, torch.Tensor]:
    """A file's tensors under the backbone's names, if every one has its role and shape at its place.

    The role is the last part of a name (weight, running_mean, …), which tells the equally long tensors of a
    batch norm from one another.
    """

    def layout(tensors: dict[str, torch.Tensor]) -> dict[str, tuple]:
        counted = [name for name in tensors if not name.endswith("num_batches_tracked")]
        return {name: (name.rpartition(".")[2], tensors[name].shape) for name in counted}

    theirs, own = layout(state), layout(base.state_dict())
    if theirs.keys() == own.keys() or list(theirs.values()) != list(own.values()):
        return state
    logger.info(f"Weights: other names, told by their order and shapes: {len(own)} of {len(own)} tensors")
    return {name: state[other] for name, other in zip(own, theirs, strict=True)}


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
