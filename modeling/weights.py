"""One loader for all weight files: what fits is loaded, what does not is named, too little is an error."""

from pathlib import Path
from typing import NamedTuple

from loguru import logger
from torch import nn

from utils.errors import InputError

from .backbones.info import BackboneInfo, Tensors
from .backbones.non_local import NAMES as NON_LOCAL
from .fast_reid import from_fast_reid, is_fast_reid
from .state_dict import read_state_dict, unwrap

# Under it a network holds what only its training needs, such as a student's adapters; weights are saved
# without it.
ADAPTERS = "adapters."
# Layers that a ReID checkpoint may hold and a test can do without: a backbone's own classifier (but not an
# embedding, fc.0, fc.1 … of other programs), a neck that the settings leave out, and the adapters.
SPARE = ("base.fc.weight", "base.fc.bias", "base.classifier.", "bottleneck.", ADAPTERS)
# What is added to a backbone as an identity, so that pretrained weights need not have it.
ADDED = tuple(f"base.{name}" for name in NON_LOCAL)
# Smallest fraction of the file's tensors, and of the network's, that must match.
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
    """Load into a network whatever fits of a file, in the precision of the network.

    The file may be a backbone's (torchvision, IBN-Net, timm) or a whole network's (of this program,
    reid-strong-baseline or fast-reid), a state dict or a dict around one, with or without a prefix before
    most of its names. Of a teacher and its student, the teacher is taken, of a query and a key encoder the
    query encoder (DINO's and MoCo's files). Another number of classes is fine: the classifier is then left as
    it is. A backbone that can translate other names (``BackboneInfo.translate``) takes those files, too.

    Args:
        model: ``Baseline``; changed in place.
        path: of the file.
        complete: require the whole network except its classifier, as a test must.

    Raises:
        InputError: the file is missing, damaged, not a checkpoint, or for another architecture.
    """
    own = model.state_dict()
    inside, outside = unwrap(read_state_dict(path), own)
    state = _in_our_names(inside, model.base, model.info) | outside
    fits = {name: state[name] for name in state if name in own and own[name].shape == state[name].shape}
    left_out = [name for name in state if name not in fits]
    wanted = [name for name in own if (_is_tested(name) if complete else _is_pretrained(name))]
    missing = [name for name in wanted if name not in fits]
    classifier = all(name in fits for name in own if _is_classifier(name))
    report = LoadReport(len(fits), len(state), left_out, missing, classifier)
    # What stands beside the network in its file, such as a key encoder, says nothing about the network.
    beside = {name for name in outside if name not in fits}
    matched = min(len(fits) / max(1, len(state) - len(beside)), 1 - len(missing) / len(wanted))
    # A test without a layer that the weights were trained with would test another network. What stands beside
    # a whole network, such as the criterion in a Lightning module, is not one of its layers.
    whole = is_fast_reid(inside) or any(name.startswith("base.") for name in inside)
    spare = (*SPARE, *(f"base.{name}" for name in model.info.spare))
    layers = [name for name in left_out if not _is_classifier(name) and not name.startswith(spare)]
    unread = [name for name in layers if not (whole and name in beside)]
    if matched < LEAST or complete and (missing or unread):
        reshaped = [name for name in left_out if name in own and not _is_classifier(name)]
        shapes = f"; other shapes: {_shorten(reshaped)}" if reshaped else ""
        raise InputError(
            f"{path} does not fit this network ({report}{shapes}); check MODEL.NAME (--model_name), "
            "MODEL.NECK (--neck), POOLING, EMBEDDING_DIM, NON_LOCAL and HEAD"
        )
    model.load_state_dict(fits, strict=False)  # which converts the dtypes
    return report


def _in_our_names(state: Tensors, base: nn.Module, info: BackboneInfo) -> Tensors:
    """A file's tensors in the names and shapes of the network, where they can be translated."""
    if is_fast_reid(state):
        state = from_fast_reid(state)
        differs = f"its network {info.fast_reid}; " if info.fast_reid else ""
        pooling = "gem" if "pooling.p" in state else "that of its POOL_LAYER, which the file does not name"
        logger.info(f"Weights of fast-reid: {differs}MODEL.POOLING must be {pooling}")
    if not any(name.startswith("base.") for name in state):
        state = {f"base.{name}": tensor for name, tensor in state.items()}
    backbone = {name.removeprefix("base."): state[name] for name in state if name.startswith("base.")}
    own = base.state_dict()
    fits = all(name in backbone and backbone[name].shape == own[name].shape for name in own)
    if info.translate and not fits:
        backbone = info.translate(backbone, base)
    head = {name: tensor for name, tensor in state.items() if not name.startswith("base.")}
    return {f"base.{name}": tensor for name, tensor in backbone.items()} | head


def _is_classifier(name: str) -> bool:
    return "classifier." in name and not name.startswith("base.")


def _is_tested(name: str) -> bool:
    """Whether a test needs the tensor; old files have no num_batches_tracked."""
    return not _is_classifier(name) and not name.endswith("num_batches_tracked")


def _is_pretrained(name: str) -> bool:
    """Whether a backbone's file should have the tensor."""
    return name.startswith("base.") and not name.startswith(ADDED) and _is_tested(name)


def _shorten(names: list[str], most: int = 6) -> str:
    """``fc.weight, fc.bias`` as ``fc.*``, and so on for each module; a long list is cut."""
    modules = list(dict.fromkeys(name.rpartition(".")[0] for name in names))
    listed = ", ".join(f"{module.removeprefix('base.')}.*" for module in modules[:most])
    return listed + (f" and {len(modules) - most} more" if len(modules) > most else "")
