"""The tensors of a checkpoint, without the dicts around them and the prefixes of their names."""

from collections import Counter
from collections.abc import Collection
from pathlib import Path

import torch

from utils.checkpoint_file import load_checkpoint
from utils.errors import InputError

from .backbones.info import Tensors
from .fast_reid import is_fast_reid

# Prefixes that wrappers of whole networks leave on their names: DataParallel, torch.compile, Lightning.
WRAPPERS = ("module.", "_orig_mod.", "model.")


def read_state_dict(path: str | Path) -> Tensors:
    """The names and tensors of a checkpoint, whatever dicts are wrapped around them.

    Raises:
        InputError: the file is missing, damaged, or holds no weights.
    """
    content = load_checkpoint(path)
    state = _tensors(content)
    if _is_optimizer(content):
        raise InputError(f"{path} is an optimizer's state, not weights; take the model's file beside it")
    if _holds_optimizer(content) and not any(tensor.dim() > 1 for tensor in state.values()):
        raise InputError(
            f"{path} is the state of a training (its optimizer) without the network's weights; take the "
            "model's file beside it"
        )
    if not state:
        raise InputError(f"{path} holds no weights: no dict of names and tensors was found in it")
    return state


def _tensors(content) -> Tensors:
    """The dict with the most tensors among ``content`` and the dicts in it, except an optimizer's.

    Of several equally large ones, the first: ``last.pth`` holds the averaged weights before the others.
    """
    if not isinstance(content, dict) or _is_optimizer(content):
        return {}
    own = {str(name): value for name, value in content.items() if isinstance(value, torch.Tensor)}
    return max([own, *(_tensors(value) for value in content.values())], key=len)


def _is_optimizer(content) -> bool:
    return isinstance(content, dict) and {"state", "param_groups"} <= content.keys()


def _holds_optimizer(content) -> bool:
    return isinstance(content, dict) and any(
        _is_optimizer(value) or _holds_optimizer(value) for value in content.values()
    )


def unwrap(state: Tensors, own: Collection[str]) -> tuple[Tensors, Tensors]:
    """Take off the prefixes that most names of a file have.

    Args:
        state: of the file.
        own: the network's names.

    Returns:
        The tensors without the prefixes, and those whose names lack them.
    """
    inside, outside = state, {}
    while prefix := _prefix(inside, own):
        outside |= {name: inside[name] for name in inside if not name.startswith(prefix)}
        inside = {name.removeprefix(prefix): inside[name] for name in inside if name.startswith(prefix)}
    return inside, outside


def _prefix(state: Tensors, own: Collection[str]) -> str | None:
    """The prefix of most names: one of the WRAPPERS, or else anything before names of the network."""
    for wrapper in WRAPPERS:
        if 2 * sum(name.startswith(wrapper) for name in state) > len(state):
            return wrapper
    if is_fast_reid(state):
        return None
    known = {*own, *(name.removeprefix("base.") for name in own)}
    prefixes = (
        next((name[:start] for start in _starts(name) if name[start:] in known), None) for name in state
    )
    [(prefix, number)] = Counter(prefixes).most_common(1)
    return prefix if 2 * number > len(state) else None


def _starts(name: str) -> list[int]:
    """Places at which a part of a name between dots starts."""
    return [0, *(place + 1 for place, letter in enumerate(name) if letter == ".")]
