"""Settings checked together, before anything slow starts."""

import math
import os
from collections.abc import Callable, Collection, Mapping
from pathlib import Path

from yacs.config import CfgNode

from .errors import ConfigError, did_you_mean

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
    problems += _input_problems(cfg) + (
        _training_problems(cfg) if command == "train" else _test_problems(cfg)
    )
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
    for key, path in (("KD.TEACHER", cfg.KD.TEACHER), ("KD.TEACHER_FEATURES", cfg.KD.TEACHER_FEATURES)):
        if path:
            _check_file(key, path, "name the teacher's file, or leave it out")
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


def _input_problems(cfg: CfgNode) -> list[str]:
    problems = []
    for key in ("INPUT.SIZE_TRAIN", "INPUT.SIZE_TEST"):
        size = _get(cfg, key)
        if len(size) != 2 or min(size) < 32:
            problems.append(f"{key} must be [height, width], each at least 32, not {size}")
    for key in ("INPUT.PIXEL_MEAN", "INPUT.PIXEL_STD"):
        if len(_get(cfg, key)) != 3:
            problems.append(f"{key} must have 3 values: red, green, blue")
    if any(std <= 0 for std in cfg.INPUT.PIXEL_STD):
        problems.append("INPUT.PIXEL_STD must be above 0")
    problems += [
        f"{key} is a probability, 0 to 1, not {_get(cfg, key)}"
        for key in ("INPUT.PROB", "INPUT.RE_PROB", "INPUT.COLOR_JITTER_PROB", "INPUT.AUTOAUG_PROB")
        if not 0 <= _get(cfg, key) <= 1
    ]
    jitter = cfg.INPUT.COLOR_JITTER
    if len(jitter) != 4 or min(jitter) < 0 or jitter[3] > 0.5:
        problems.append(
            "INPUT.COLOR_JITTER must be [brightness, contrast, saturation, hue], none negative and hue at "
            f"most 0.5, not {jitter}"
        )
    names = cfg.DATASETS.NAMES
    if not names or len(set(names)) < len(names):
        problems.append(
            f"DATASETS.NAMES must name data sets, such as market1501, each once, not {list(names)}"
        )
    if cfg.DATASETS.SYNTHETIC.IMAGES_PER_CAMERA < 2:
        problems.append(
            "DATASETS.SYNTHETIC.IMAGES_PER_CAMERA must be at least 2: a query and a gallery image"
        )
    if cfg.DATALOADER.NUM_WORKERS < -1:
        problems.append("DATALOADER.NUM_WORKERS must be -1 (one per core) or more")
    if not cfg.MODEL.DEVICE_ID.isdecimal():
        problems.append(f"MODEL.DEVICE_ID must be the number of one GPU, not {cfg.MODEL.DEVICE_ID!r}")
    return problems


def _training_problems(cfg: CfgNode) -> list[str]:
    problems = []
    batch, k = cfg.SOLVER.IMS_PER_BATCH, cfg.DATALOADER.NUM_INSTANCE
    if batch == 1:
        problems.append("SOLVER.IMS_PER_BATCH must be at least 2: batch norm needs more than one image")
    if cfg.DATALOADER.SAMPLER != "softmax" and batch > 1 and k > 0 and batch % k:
        problems.append(
            f"SOLVER.IMS_PER_BATCH {batch} is not divisible by DATALOADER.NUM_INSTANCE {k}; "
            f"take {max(1, batch // k) * k} or {(batch // k + 1) * k}"
        )
    model = cfg.MODEL
    if model.ID_LOSS_TYPE == model.METRIC_LOSS_TYPE == "none" and not model.IF_WITH_CENTER:
        problems.append("nothing to train with: MODEL.ID_LOSS_TYPE and MODEL.METRIC_LOSS_TYPE are both none")
    if model.HEAD == "parts" and model.ID_LOSS_TYPE == "none":
        problems.append(
            "MODEL.HEAD parts learns its parts from class scores: MODEL.ID_LOSS_TYPE must not be none"
        )
    if cfg.SOLVER.LAYER_DECAY != 1 and not model.NAME.startswith(("resnet", "se_resnet", "timm/")):
        problems.append(
            f"SOLVER.LAYER_DECAY is for ResNets and networks of timm, not {model.NAME}; leave it 1"
        )
    if not 0 <= cfg.KD.SELF_LOGITS <= 1:
        problems.append(f"KD.SELF_LOGITS is a part, 0 to 1, not {cfg.KD.SELF_LOGITS}")
    if cfg.KD.SELF and not model.NAME.startswith(("resnet", "se_resnet")):
        problems.append(f"KD.SELF (--kd) is for ResNets, whose stages learn from the last, not {model.NAME}")
    distils = cfg.KD.SELF or cfg.KD.TEACHER or cfg.KD.TEACHER_FEATURES
    if distils and model.ID_LOSS_TYPE != "softmax":
        problems.append("distillation (KD) stands beside a cross-entropy: MODEL.ID_LOSS_TYPE softmax")
    if distils and model.HEAD != "global":
        problems.append("distillation (KD) is for MODEL.HEAD global")
    if cfg.KD.TEACHER and cfg.KD.TEACHER_FEATURES:
        problems.append("KD.TEACHER and KD.TEACHER_FEATURES are two teachers; name one")
    if not 0 <= cfg.SOLVER.EMA < 1:
        problems.append(f"SOLVER.EMA is a decay, 0 (off) to below 1, not {cfg.SOLVER.EMA}")
    if cfg.SOLVER.ARCFACE.MARGIN > math.pi:
        problems.append(
            f"SOLVER.ARCFACE.MARGIN is an angle, at most pi radians, not {cfg.SOLVER.ARCFACE.MARGIN}"
        )
    if not 0 < cfg.SOLVER.LAYER_DECAY <= 1:
        problems.append(f"SOLVER.LAYER_DECAY is a factor, above 0 to 1 (off), not {cfg.SOLVER.LAYER_DECAY}")
    if cfg.SOLVER.SCHEDULE == "cosine" and cfg.SOLVER.MIN_LR > cfg.SOLVER.BASE_LR:
        problems.append(
            f"SOLVER.MIN_LR {cfg.SOLVER.MIN_LR} must not be above SOLVER.BASE_LR {cfg.SOLVER.BASE_LR}"
        )
    if list(cfg.SOLVER.STEPS) != sorted(cfg.SOLVER.STEPS):
        problems.append(f"SOLVER.STEPS must rise, not {list(cfg.SOLVER.STEPS)}")
    return problems


def _test_problems(cfg: CfgNode) -> list[str]:
    problems = []
    if cfg.TEST.K2 > cfg.TEST.K1:
        problems.append(f"TEST.K2 {cfg.TEST.K2} must not be above TEST.K1 {cfg.TEST.K1}")
    if not 0 <= cfg.TEST.LAMBDA <= 1:
        problems.append(f"TEST.LAMBDA is a weight, 0 to 1, not {cfg.TEST.LAMBDA}")
    if cfg.TEST.SAVE_RESULTS and Path(cfg.TEST.SAVE_RESULTS).suffix not in (".parquet", ".csv", ".json"):
        problems.append(f"TEST.SAVE_RESULTS {cfg.TEST.SAVE_RESULTS} must end with .parquet, .csv or .json")
    if cfg.TEST.PROTOCOL != "standard" and (cfg.TEST.SAVE_RESULTS or cfg.TEST.SHOW_WORST):
        problems.append("results of each query (SAVE_RESULTS, SHOW_WORST) are for TEST.PROTOCOL standard")
    return problems


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
