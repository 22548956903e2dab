"""What settings must be to go together: a list of what is wrong, a line each."""

import math
from pathlib import Path

from yacs.config import CfgNode


def input_problems(cfg: CfgNode) -> list[str]:
    """Of images, data and device."""
    problems = []
    for key in ("SIZE_TRAIN", "SIZE_TEST"):
        size = cfg.INPUT[key]
        if len(size) != 2 or min(size) < 32:
            problems.append(f"INPUT.{key} must be [height, width], each at least 32, not {size}")
    for key in ("PIXEL_MEAN", "PIXEL_STD"):
        if len(cfg.INPUT[key]) != 3:
            problems.append(f"INPUT.{key} must have 3 values: red, green, blue")
    if any(std <= 0 for std in cfg.INPUT.PIXEL_STD):
        problems.append("INPUT.PIXEL_STD must be above 0")
    problems += [
        f"INPUT.{key} is a probability, 0 to 1, not {cfg.INPUT[key]}"
        for key in ("PROB", "RE_PROB", "COLOR_JITTER_PROB", "AUTOAUG_PROB")
        if not 0 <= cfg.INPUT[key] <= 1
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


def training_problems(cfg: CfgNode) -> list[str]:
    """Of a training."""
    return [
        *_batch_problems(cfg),
        *_network_problems(cfg),
        *_distillation_problems(cfg),
        *_schedule_problems(cfg),
    ]


def _batch_problems(cfg: CfgNode) -> list[str]:
    problems = []
    batch, k = cfg.SOLVER.IMS_PER_BATCH, cfg.DATALOADER.NUM_INSTANCE
    if batch == 1:
        problems.append("SOLVER.IMS_PER_BATCH must be at least 2: batch norm needs more than one image")
    if cfg.DATALOADER.SAMPLER != "softmax" and batch > 1 and k > 0 and batch % k:
        problems.append(
            f"SOLVER.IMS_PER_BATCH {batch} is not divisible by DATALOADER.NUM_INSTANCE {k}; "
            f"take {max(1, batch // k) * k} or {(batch // k + 1) * k}"
        )
    return problems


def _network_problems(cfg: CfgNode) -> list[str]:
    problems, model, solver = [], cfg.MODEL, cfg.SOLVER
    if model.ID_LOSS_TYPE == model.METRIC_LOSS_TYPE == "none" and not model.IF_WITH_CENTER:
        problems.append("nothing to train with: MODEL.ID_LOSS_TYPE and MODEL.METRIC_LOSS_TYPE are both none")
    if model.HEAD == "parts" and model.ID_LOSS_TYPE == "none":
        problems.append(
            "MODEL.HEAD parts learns its parts from class scores: MODEL.ID_LOSS_TYPE must not be none"
        )
    head_learns = model.ID_LOSS_TYPE != "none" or model.POOLING == "gem" or model.EMBEDDING_DIM
    if solver.FREEZE and solver.FREEZE_EPOCHS and not head_learns:
        problems.append(
            "nothing to train while the backbone is frozen (SOLVER.FREEZE): with MODEL.ID_LOSS_TYPE none, it "
            "is all that learns"
        )
    if solver.ARCFACE.MARGIN > math.pi:
        problems.append(f"SOLVER.ARCFACE.MARGIN is an angle, at most pi radians, not {solver.ARCFACE.MARGIN}")
    return problems


def _distillation_problems(cfg: CfgNode) -> list[str]:
    problems, model, kd = [], cfg.MODEL, cfg.KD
    if not 0 <= kd.SELF_LOGITS <= 1:
        problems.append(f"KD.SELF_LOGITS is a part, 0 to 1, not {kd.SELF_LOGITS}")
    if kd.TEACHER and kd.TEACHER_FEATURES:
        problems.append("KD.TEACHER and KD.TEACHER_FEATURES are two teachers; name one")
    if (kd.SELF or kd.TEACHER or kd.TEACHER_FEATURES) and (
        model.ID_LOSS_TYPE != "softmax" or model.HEAD != "global"
    ):
        problems.append("distillation (KD) goes with MODEL.ID_LOSS_TYPE softmax and MODEL.HEAD global")
    return problems


def _schedule_problems(cfg: CfgNode) -> list[str]:
    problems, solver = [], cfg.SOLVER
    if not 0 <= solver.EMA < 1:
        problems.append(f"SOLVER.EMA is a decay, 0 (off) to below 1, not {solver.EMA}")
    if not 0 < solver.LAYER_DECAY <= 1:
        problems.append(f"SOLVER.LAYER_DECAY is a factor, above 0 to 1 (off), not {solver.LAYER_DECAY}")
    if solver.SCHEDULE == "cosine" and solver.MIN_LR > solver.BASE_LR:
        problems.append(f"SOLVER.MIN_LR {solver.MIN_LR} must not be above SOLVER.BASE_LR {solver.BASE_LR}")
    if list(solver.STEPS) != sorted(solver.STEPS):
        problems.append(f"SOLVER.STEPS must rise, not {list(solver.STEPS)}")
    return problems


def test_problems(cfg: CfgNode) -> list[str]:
    """Of a test."""
    problems = []
    if cfg.TEST.K2 > cfg.TEST.K1:
        problems.append(f"TEST.K2 {cfg.TEST.K2} must not be above TEST.K1 {cfg.TEST.K1}")
    if not 0 <= cfg.TEST.LAMBDA <= 1:
        problems.append(f"TEST.LAMBDA is a weight, 0 to 1, not {cfg.TEST.LAMBDA}")
    if cfg.TEST.SAVE_RESULTS and Path(cfg.TEST.SAVE_RESULTS).suffix not in (".parquet", ".csv", ".json"):
        problems.append(f"TEST.SAVE_RESULTS {cfg.TEST.SAVE_RESULTS} must end with .parquet, .csv or .json")
    if cfg.TEST.QUERY_EXPANSION and not cfg.TEST.FEAT_NORM:
        problems.append("TEST.QUERY_EXPANSION weighs by cosines: TEST.FEAT_NORM must be yes")
    if cfg.TEST.PROTOCOL != "standard" and (cfg.TEST.SAVE_RESULTS or cfg.TEST.SHOW_WORST):
        problems.append("results of each query (SAVE_RESULTS, SHOW_WORST) are for TEST.PROTOCOL standard")
    return problems
