"""From defaults, a YAML file and the command line to one frozen, checked tree."""

import math
import os
import re
from ast import literal_eval
from pathlib import Path
from typing import Any

import yaml
from loguru import logger
from yacs.config import CfgNode

from utils.run_folder import RunFolder, settings_beside

from .checks import check_values
from .defaults import get_defaults
from .errors import ConfigError, did_you_mean
from .flags import parse_args
from .resume import NEWEST, check_changes, run_folder

DEFAULT_FILE = Path(__file__).parent.parent / "configs" / "softmax_triplet.yml"

# Keys of reid-strong-baseline that do nothing there, or nothing here: CHECKPOINT_PERIOD because weights are
# saved at each evaluation (SOLVER.EVAL_PERIOD).
OBSOLETE = frozenset(
    {
        "SOLVER.CLUSTER_MARGIN",
        "SOLVER.RANGE_K",
        "SOLVER.RANGE_MARGIN",
        "SOLVER.RANGE_ALPHA",
        "SOLVER.RANGE_BETA",
        "SOLVER.RANGE_LOSS_WEIGHT",
        "SOLVER.CHECKPOINT_PERIOD",
    }
)
# reid-strong-baseline names the center loss twice, by METRIC_LOSS_TYPE and by IF_WITH_CENTER; here only the
# switch.
CENTER_TYPES = {"triplet_center": "triplet", "center": "none"}
SELF_DISTILLED = "_kd"  # resnet50_kd: resnet50 with KD.SELF on

SWITCH = {
    "yes": True,
    "on": True,
    "true": True,
    "1": True,
    "no": False,
    "off": False,
    "false": False,
    "0": False,
}


def load_cfg(argv: list[str] | None = None, command: str = "train") -> CfgNode:
    """Read the settings of a command.

    Later sources win: defaults, the YAML file, flags, trailing ``KEY VALUE`` pairs. With no file named,
    tools/test.py takes the config.yml beside the weights if there is one; otherwise both commands take
    configs/softmax_triplet.yml. A run that goes on takes its own config.yml first; RESUME and OUTPUT_DIR then
    name the run.

    Args:
        argv: the words after the program's name; None: those of this process.
        command: "train" or "test".

    Returns:
        The frozen tree.

    Raises:
        ConfigError: an unknown key or flag, a value of the wrong type or out of range, an unreadable YAML
            file.
    """
    try:
        pairs = _all_pairs(argv, command)
        obsolete = sorted({key for key, _ in pairs} & OBSOLETE)
        if obsolete:
            logger.warning(f"settings without effect here: {', '.join(obsolete)}")
        cfg = get_defaults()
        for key, value in pairs:
            if key not in OBSOLETE:
                _set(cfg, key, value)
    except RecursionError:  # YAML can nest without end, in itself even
        raise ConfigError(
            "settings are nested too deeply; no setting is more than a list of values"
        ) from None
    check_values(cfg, command)
    metric_loss = cfg.MODEL.METRIC_LOSS_TYPE
    if command == "train" and cfg.DATALOADER.SAMPLER == "softmax" and metric_loss != "none":
        logger.warning(
            f"shuffled batches (DATALOADER.SAMPLER softmax) hold few pairs for the {metric_loss} loss; "
            "MODEL.METRIC_LOSS_TYPE none leaves it out"
        )
    cfg.freeze()
    return cfg


def _all_pairs(argv: list[str] | None, command: str) -> list[tuple[str, Any]]:
    """All settings with their values, as they are written, in the order in which they count."""
    config_file, pairs = parse_args(argv, command)
    named = dict(pairs)
    if command == "train" and (run := named.get("RESUME")):
        folder = run_folder(run, named.get("OUTPUT_DIR", ""))
        files = [RunFolder(folder).settings, *([config_file] if config_file else [])]
        pairs += [("OUTPUT_DIR", str(folder)), ("RESUME", str(folder) if run == NEWEST else run)]
    else:
        files = [config_file or _default_file(pairs, command)]
    in_files = [pair for file in files for pair in _flatten(_read_yaml(file))]
    # The config.yml of a run that went on has a RESUME, which was meant for that command alone.
    return [pair for pair in in_files if pair[0] != "RESUME"] + pairs


def compare_settings(cfg: CfgNode, run: str) -> list[str]:
    """What is other than in a run that is to go on, a text each.

    Args:
        cfg: the settings.
        run: those that the run began with, as YAML.

    Raises:
        ConfigError: a change that would make another training of it.
    """
    now = dict(_flatten(yaml.safe_load(cfg.dump())))
    return check_changes(now, dict(_flatten(yaml.safe_load(run))))


def _default_file(pairs: list[tuple[str, str]], command: str) -> Path:
    weight = _coerce(dict(pairs).get("TEST.WEIGHT", ""), "", "TEST.WEIGHT")
    beside = settings_beside(Path(weight))
    return beside if command == "test" and weight and os.path.isfile(beside) else DEFAULT_FILE


def _read_yaml(file: str | Path) -> dict:
    try:
        tree = yaml.safe_load(Path(file).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"--config_file {file}: no such file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"--config_file {file}: cannot be read ({error})") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        raise ConfigError(f"{file}{where}: not YAML ({getattr(error, 'problem', None) or error})") from None
    if tree is not None and not isinstance(tree, dict):
        raise ConfigError(f"{file}: settings are written as SECTION: then KEY: value on indented lines")
    return tree or {}


def _flatten(tree: dict, prefix: str = "") -> list[tuple[str, Any]]:
    pairs = []
    for key, value in tree.items():
        pairs += (
            _flatten(value, f"{prefix}{key}.") if isinstance(value, dict) else [(f"{prefix}{key}", value)]
        )
    return pairs


def _set(cfg: CfgNode, key: str, value: Any) -> None:
    """Put a value, as YAML or the command line has it, into the tree as the type that its default has."""
    *sections, name = key.split(".")
    node, default = cfg, get_defaults()
    for section in [*sections, name]:
        if not isinstance(default, CfgNode) or section not in default:
            raise ConfigError(f"unknown setting {key}{did_you_mean(key, _keys(cfg))}")
        default = default[section]
    if isinstance(default, CfgNode):
        raise ConfigError(f"{key} is a section; name a setting in it, such as {key}.{next(iter(default))}")
    value = _coerce(value, default, key)
    if key == "MODEL.NAME" and value.endswith(SELF_DISTILLED):
        cfg.KD.SELF = True
        value = value.removesuffix(SELF_DISTILLED)
    if key == "MODEL.METRIC_LOSS_TYPE" and value in CENTER_TYPES:
        cfg.MODEL.IF_WITH_CENTER = True
        value = CENTER_TYPES[value]
    for section in sections:
        node = node[section]
    node[name] = value


def _keys(node: CfgNode, prefix: str = "") -> list[str]:
    keys = []
    for name, value in node.items():
        keys += _keys(value, f"{prefix}{name}.") if isinstance(value, CfgNode) else [f"{prefix}{name}"]
    return keys


def _coerce(value: Any, default: Any, key: str) -> Any:
    # reid-strong-baseline quotes texts as ('market1501'), in YAML and on the command line.
    if isinstance(value, str) and (value.startswith(("(", "[", "'", '"')) or not isinstance(default, str)):
        value = _literal(value)
    if isinstance(default, list | tuple):
        if isinstance(value, str):  # also [market1501, msmt17], which is no literal for want of quotes
            value = [part.strip() for part in re.sub(r"^\[(.*)\]$", r"\1", value).split(",")]
        items = value if isinstance(value, list | tuple) else [value]
        return type(default)(_coerce(item, default[0], key) for item in items)
    if isinstance(default, bool):
        if str(value).lower() not in SWITCH:
            raise ConfigError(f"{key}: {value!r} is no switch; write yes or no")
        return SWITCH[str(value).lower()]
    if isinstance(default, str):
        return _text(value, key)
    return _number(value, type(default), key)


def _text(value: Any, key: str) -> str:
    if isinstance(value, bool):  # YAML reads an unquoted no as False
        return "yes" if value else "no"
    if not isinstance(value, str | int | float):
        raise ConfigError(f"{key}: {value!r} is no text")
    return str(value)


def _number(value: Any, kind: type, key: str) -> int | float:
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            number = kind(value)
            if number == value and math.isfinite(number):
                return number
    except (ValueError, OverflowError):  # whole numbers of nan and infinity; numbers too large
        pass
    raise ConfigError(f"{key}: {value!r} is no {'whole number' if kind is int else 'number'}")


def _literal(text: str) -> Any:
    """The Python literal that a text spells, or the text itself."""
    try:
        return literal_eval(text.strip())
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return text
