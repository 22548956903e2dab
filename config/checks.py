"""Settings checked together, before anything slow starts."""

import os
from collections.abc import Callable, Collection, Mapping
from pathlib import Path

from yacs.config import CfgNode

from utils.run_folder import settings_beside

from .errors import ConfigError, did_you_mean
from .rules import input_problems, test_problems, training_problems

# Settings whose choices belong to no registry.
CHOICES = {
    "MODEL.DEVICE": ("cuda", "cpu"),
    "MODEL.NECK": ("bnneck", "no"),
    "MODEL.HEAD": ("global", "parts"),
    "MODEL.PRETRAIN_CHOICE": ("imagenet", "self", "none"),
    "DATASETS.ON_BAD_IMAGE": ("stop", "skip"),
    "DATALOADER.CACHE": ("none", "ram", "device"),
    "SOLVER.WARMUP_METHOD": ("linear", "constant"),
    "SOLVER.WARMUP_BY": ("epoch", "iteration"),
    "TEST.NECK_FEAT": ("before", "after"),
    "TEST.SAME_CAMERA": ("drop", "keep"),
    "TEST.PROTOCOL": ("standard", "single_gallery_shot"),
}
POSITIVE = (
    "MODEL.LAST_STRIDE",
    "DATALOADER.NUM_INSTANCE",
    "SOLVER.IMS_PER_BATCH",
    "SOLVER.GRAD_ACCUM",
    "SOLVER.MAX_EPOCHS",
    "SOLVER.LOG_PERIOD",
    "SOLVER.EVAL_PERIOD",
    "SOLVER.BASE_LR",
    "SOLVER.ARCFACE.SCALE",
    "SOLVER.COSFACE.SCALE",
    "SOLVER.CIRCLE_SOFTMAX.SCALE",
    "SOLVER.CIRCLE.GAMMA",
    "SOLVER.MULTI_SIMILARITY.ALPHA",
    "SOLVER.MULTI_SIMILARITY.BETA",
    "TEST.IMS_PER_BATCH",
    "TEST.REPEATS",
    "TEST.K1",
    "TEST.K2",
    "TEST.TOP_K",
    "KD.TEMPERATURE",
    "DATASETS.SYNTHETIC.TRAIN_IDS",
    "DATASETS.SYNTHETIC.TEST_IDS",
)
NOT_NEGATIVE = (
    "SEED",
    "MODEL.EMBEDDING_DIM",
    "INPUT.PADDING",
    "DATALOADER.CACHE_GB",
    "SOLVER.CLIP_GRAD_NORM",
    "SOLVER.FREEZE_EPOCHS",
    "SOLVER.SKIP_BAD_STEPS",
    "SOLVER.EARLY_STOP",
    "SOLVER.SAVE_EVERY_MINUTES",
    "SOLVER.KEEP_BEST",
    "SOLVER.MARGIN",
    "SOLVER.ARCFACE.MARGIN",
    "SOLVER.COSFACE.MARGIN",
    "SOLVER.CIRCLE_SOFTMAX.MARGIN",
    "SOLVER.CIRCLE.MARGIN",
    "SOLVER.MULTI_SIMILARITY.EPSILON",
    "SOLVER.WEIGHT_DECAY",
    "SOLVER.WEIGHT_DECAY_BIAS",
    "SOLVER.BIAS_LR_FACTOR",
    "SOLVER.MOMENTUM",
    "SOLVER.GAMMA",
    "SOLVER.FLAT_EPOCHS",
    "SOLVER.MIN_LR",
    "SOLVER.WARMUP_ITERS",
    "SOLVER.WARMUP_FACTOR",
    "SOLVER.CENTER_LR",
    "SOLVER.ID_LOSS_WEIGHT",
    "SOLVER.METRIC_LOSS_WEIGHT",
    "SOLVER.CENTER_LOSS_WEIGHT",
    "KD.FEATURE_LOSS_COEFFICIENT",
    "KD.LOGITS",
    "KD.EMBEDDING",
    "KD.RELATION",
    "DATASETS.SYNTHETIC.SEED",
    "TEST.QUERY_EXPANSION",
    "TEST.QE_ALPHA",
    "TEST.SHOW_WORST",
)


def check_values(cfg: CfgNode, command: str) -> None:
    """Raise one ConfigError that names every setting out of range; paths and names are checked elsewhere."""
    problems = [choice_problem(cfg, key, choices) for key, choices in CHOICES.items()]
    problems += [
        f"{key} must be at least 1, not {_get(cfg, key)}"
        if isinstance(_get(cfg, key), int)
        else f"{key} must be above 0, not {_get(cfg, key)}"
        for key in POSITIVE
        if _get(cfg, key) <= 0
    ]
    problems += [
        f"{key} must not be negative, not {_get(cfg, key)}" for key in NOT_NEGATIVE if _get(cfg, key) < 0
    ]
    problems += input_problems(cfg) + (training_problems(cfg) if command == "train" else test_problems(cfg))
    _raise(problems)


def check_choices(cfg: CfgNode, registries: Mapping[str, Collection[str]]) -> None:
    """Check settings against the names that the registries hold.

    Args:
        cfg: the settings.
        registries: key of a setting, such as ``MODEL.NAME`` -> its valid names.

    Raises:
        ConfigError: a name is unknown; the message gives the nearest one, or all.
    """
    _raise(choice_problem(cfg, key, names) for key, names in registries.items())


def check_datasets(cfg: CfgNode, command: str, names: Collection[str], is_own: Callable[[str], bool]) -> None:
    """Check that the data sets that a command reads have a name of the program's, or are a user's own.

    Args:
        cfg: the settings.
        command: "train" or "test", which reads the tested data set alone.
        names: of the program's data sets.
        is_own: whether a name is that of a user's folder or table.

    Raises:
        ConfigError: a name is unknown.
    """
    tested = cfg.DATASETS.TEST_NAME or cfg.DATASETS.NAMES[0]
    for name in [tested] if command == "test" else [*cfg.DATASETS.NAMES, tested]:
        if name not in names and not is_own(name):
            raise ConfigError(
                f"DATASETS: unknown {name!r}{did_you_mean(name, names)}; valid: {', '.join(names)}, or the "
                "path of a folder or of a .csv or .parquet table of your own, from here or below "
                f"{cfg.DATASETS.ROOT_DIR}"
            )


def check_network(
    cfg: CfgNode, names: Collection[str], prefix: str, library: Callable[[], Collection[str]]
) -> None:
    """Check that MODEL.NAME is a network of the program's, or one of a library's.

    Args:
        cfg: the settings.
        names: of the program's networks.
        prefix: of the names of the library's networks.
        library: gives their names, with the prefix; called only if there is one to look up.

    Raises:
        ConfigError: the name is unknown; the message gives the nearest one.
    """
    name = cfg.MODEL.NAME
    if not name.startswith(prefix):
        names = [*names, f"{prefix}<name>"]
        _raise([choice_problem(cfg, "MODEL.NAME", names)])
    elif name not in (known := library()):
        raise ConfigError(f"MODEL.NAME: unknown {name!r}{did_you_mean(name, known)}")


def check_paths(cfg: CfgNode, command: str) -> None:
    """Raise a ConfigError for a weight file that the command needs and that is not there."""
    if command == "test":
        _check_file("TEST.WEIGHT", cfg.TEST.WEIGHT, "name the weights with --model_path logs/<run>/mAPxx.pth")
        return
    for key in ("TEACHER", "TEACHER_FEATURES"):
        if cfg.KD[key]:
            _check_file(f"KD.{key}", cfg.KD[key], "name the teacher's file")
    if cfg.KD.TEACHER and not settings_beside(Path(cfg.KD.TEACHER)).is_file():
        raise ConfigError(
            f"KD.TEACHER {cfg.KD.TEACHER}: no config.yml beside it, to tell what network it is; copy that of "
            "its run there"
        )
    if cfg.RESUME:  # nothing else is loaded but the run's own state
        return
    if cfg.MODEL.PRETRAIN_CHOICE == "self" or cfg.MODEL.PRETRAIN_PATH and cfg.MODEL.PRETRAIN_CHOICE != "none":
        _check_file(
            "MODEL.PRETRAIN_PATH",
            cfg.MODEL.PRETRAIN_PATH,
            "name a file with --model_path, or start from random numbers with --pretrain_choice none",
        )


def choice_problem(cfg: CfgNode, key: str, choices: Collection[str]) -> str | None:
    """What is wrong with a setting that must be, or hold only, the given names; None if nothing."""
    value = _get(cfg, key)
    for name in [value] if isinstance(value, str) else value:
        if name not in choices:
            return f"{key}: unknown {name!r}{did_you_mean(name, choices) or ''}; valid: {', '.join(choices)}"
    return None


def _check_file(key: str, path: str, mend: str) -> None:
    if not path:
        raise ConfigError(f"{key} is empty; {mend}")
    if not os.path.isfile(path):
        raise ConfigError(f"{key} {path}: no such file; {mend}")


def _get(cfg: CfgNode, key: str):
    for name in key.split("."):
        cfg = cfg[name]
    return cfg


def _raise(problems) -> None:
    if problems := [p for p in problems if p]:
        raise ConfigError("; ".join(problems))
