"""From defaults, a YAML file and the command line to one frozen, checked tree."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from loguru import logger
from yacs.config import CfgNode

from utils.run_folder import RunFolder, settings_beside

from .checks import Choices, check_values
from .command import Kind
from .command_line import read_command_line
from .commands import COMMANDS
from .defaults import SETTINGS, get_defaults
from .errors import ConfigError, did_you_mean
from .legacy import translate, without_obsolete
from .resume import NEWEST, check_changes, run_folder
from .values import check_characters, read_value

ROOT = Path(__file__).parent.parent
DEFAULT_FILE = ROOT / "configs" / "softmax_triplet.yml"
# Network -> its ReID weights that come with the program, from which MODEL.PRETRAIN_CHOICE self starts.
READY_MODELS = {"mobilenet_v2": str(ROOT / "weights" / "market1501_mobilenet_v2.pth")}


def load_cfg(
    argv: Sequence[str] | None = None, command: str = "train", choices: Choices | None = None
) -> CfgNode:
    """Read the settings of a command.

    Later sources win: defaults, the YAML file, flags, trailing ``KEY VALUE`` pairs. With no file named, a
    command that tests takes the config.yml beside the weights if there is one; otherwise it is
    configs/softmax_triplet.yml. A run that is resumed takes its own config.yml first; RESUME and OUTPUT_DIR
    then name the run. PRETRAIN_CHOICE self without a PRETRAIN_PATH takes the network's ready weights.

    Args:
        argv: the words after the program's name; None: those of this process.
        command: a name in COMMANDS; of a kind that uses settings.
        choices: key of a setting, such as ``MODEL.NAME`` -> the names that its registry holds; without it,
            such settings are not checked.

    Returns:
        The frozen tree.

    Raises:
        ConfigError: an unknown key or flag, a value of the wrong type, out of range or not among its
            choices, an unreadable YAML file.
    """
    choices, kind = choices or {}, COMMANDS[command].kind
    options, pairs = read_command_line(argv, command, choices)
    try:
        cfg = get_defaults()
        for key, value in without_obsolete(_all_pairs(options.config_file, pairs, kind)):
            for name, translated in translate(key, _read(key, value)).items():
                _set(cfg, name, translated)
    except RecursionError:  # YAML can nest without end, even in itself
        raise ConfigError(
            "settings are nested too deeply; no setting is more than a list of values"
        ) from None
    if cfg.MODEL.PRETRAIN_CHOICE == "self" and not cfg.MODEL.PRETRAIN_PATH:
        cfg.MODEL.PRETRAIN_PATH = READY_MODELS.get(cfg.MODEL.NAME, "")
    check_values(cfg, kind, choices)
    for warning in kind.warnings(cfg):
        logger.warning(warning)
    cfg.freeze()
    return cfg


def changed(cfg: CfgNode, values: Mapping[str, Any]) -> CfgNode:
    """A frozen copy of the settings with other values: ``changed(cfg, {"SOLVER.AMP": False})``."""
    cfg = cfg.clone()
    cfg.defrost()
    for key, value in values.items():
        _set(cfg, key, value)
    cfg.freeze()
    return cfg


def compare_settings(cfg: CfgNode, run: str) -> list[str]:
    """What differs from a run that is to be resumed, one text per setting.

    Args:
        cfg: the settings.
        run: those that the run began with, as YAML.

    Raises:
        ConfigError: a change that would make it a different training.
    """
    return check_changes(flat_settings(cfg), dict(_flatten(yaml.safe_load(run))))


def flat_settings(cfg: CfgNode) -> dict[str, Any]:
    """Every setting by its dotted name, as a plain value."""
    return dict(_flatten(yaml.safe_load(cfg.dump())))


def _all_pairs(config_file: str, pairs: list[tuple[str, Any]], kind: Kind) -> list[tuple[str, Any]]:
    """All settings with their values, as they are written, in the order in which they apply."""
    named = {key: _read(key, dict(pairs).get(key, "")) for key in ("RESUME", "OUTPUT_DIR")}
    if kind.resumes and (run := named["RESUME"]):
        folder = run_folder(run, named["OUTPUT_DIR"])
        files = [RunFolder(folder).settings, *([config_file] if config_file else [])]
        pairs = [*pairs, ("OUTPUT_DIR", str(folder)), ("RESUME", str(folder) if run == NEWEST else run)]
    else:
        files = [config_file or _default_file(pairs, kind)]
    in_files = [pair for file in files for pair in _flatten(_read_yaml(file))]
    # The config.yml of a run that was resumed has a RESUME, which was meant for that command alone.
    return [pair for pair in in_files if pair[0] != "RESUME"] + pairs


def _default_file(pairs: list[tuple[str, str]], kind: Kind) -> Path:
    weights = dict(pairs).get(kind.settings_beside)
    if weights:
        beside = settings_beside(Path(_read(kind.settings_beside, weights)))
        if os.path.isfile(beside):
            return beside
    return DEFAULT_FILE


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
        problem = str(getattr(error, "problem", None) or error)
        hint = "; backslashes are kept in single quotes or without quotes" if "escape" in problem else ""
        raise ConfigError(f"{file}{where}: not YAML ({problem}){hint}") from None
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


def _read(key: str, value: Any) -> Any:
    """A value of YAML or the command line, converted to the type of the setting that the key names."""
    if key in SETTINGS:
        value = read_value(SETTINGS[key], value, key)
        check_characters(value, key)
        return value
    if inner := [name for name in SETTINGS if name.startswith(f"{key}.")]:
        raise ConfigError(f"{key} is a section; name a setting in it, such as {inner[0]}")
    raise ConfigError(f"unknown setting {key}{did_you_mean(key, SETTINGS)}")


def _set(cfg: CfgNode, key: str, value: Any) -> None:
    *sections, name = key.split(".")
    for section in sections:
        cfg = cfg[section]
    cfg[name] = value
