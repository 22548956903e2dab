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
# That of a network with a head beside it, as in DINO's files. In fast-reid's it is one of several parts.
BACKBONE = "backbone."
# Of two networks that were trained together, the one that their authors go on with -> the other. DINO's
# teacher (Caron et al., ICCV 2021) is the average of its students and better than they are; MoCo's key
# encoder (He et al., CVPR 2020), an average, too, only gives the query encoder something to compare with.
PAIRS = {"teacher": "student", "encoder_q": "encoder_k"}
# Part of the other's tensors that the first of a pair has at least: the other may have a predictor more.
COMMON = 0.9


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

    Of several equally large ones, the first: ``last.pth`` holds the averaged weights before the others. Of
    PAIRS, the first, unless it has far fewer.
    """
    if not isinstance(content, dict) or _is_optimizer(content):
        return {}
    own = {str(name): value for name, value in content.items() if isinstance(value, torch.Tensor)}
    inner = {name: _tensors(value) for name, value in content.items()}
    for chosen, other in PAIRS.items():
        if chosen in inner and len(inner[chosen]) >= COMMON * len(inner.get(other, ())):
            inner.pop(other, None)
    return max([own, *inner.values()], key=len)


def _is_optimizer(content) -> bool:
    return isinstance(content, dict) and {"state", "param_groups"} <= content.keys()


def _holds_optimizer(content) -> bool:
    return isinstance(content, dict) and any(
        _is_optimizer(value) or _holds_optimizer(value) for value in content.values()
    )


def unwrap(state: Tensors, own: Collection[str]) -> tuple[Tensors, Tensors]:
    """Take off the prefixes that most names of a file have, and take one of two networks (PAIRS).

    Args:
        state: of the file.
        own: the network's names.

    Returns:
        The tensors without the prefixes, and those whose names lack them.
    """
    inside, outside = _without_other(state)
    while prefix := _prefix(inside, own):
        outside |= {name: inside[name] for name in inside if not name.startswith(prefix)}
        inside = {name.removeprefix(prefix): inside[name] for name in inside if name.startswith(prefix)}
        inside, other = _without_other(inside)
        outside |= other
    return inside, outside


def _without_other(state: Tensors) -> tuple[Tensors, Tensors]:
    """A file's tensors without the second of PAIRS, and the second's, where most of their names agree."""

    def names(part: str) -> set[str]:
        return {name.removeprefix(f"{part}.") for name in state if name.startswith(f"{part}.")}

    for chosen, other in PAIRS.items():
        common = names(chosen) & names(other)
        if common and len(common) >= COMMON * len(names(other)):
            beside = {name: tensor for name, tensor in state.items() if name.startswith(f"{other}.")}
            return {name: tensor for name, tensor in state.items() if name not in beside}, beside
    return state, {}


def _prefix(state: Tensors, own: Collection[str]) -> str | None:
    """The prefix of most names: one of a wrapper, or else anything before names of the network."""
    fast_reid = is_fast_reid(state)
    for wrapper in WRAPPERS if fast_reid else (*WRAPPERS, BACKBONE):
        if 2 * sum(name.startswith(wrapper) for name in state) > len(state):
            return wrapper
    if fast_reid:
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
