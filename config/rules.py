"""Settings that do not fit together: a list of what is wrong, one text per problem."""

from yacs.config import CfgNode


def training_problems(cfg: CfgNode) -> list[str]:
    """Problems with the settings of a training."""
    return [
        *_batch_problems(cfg),
        *_network_problems(cfg),
        *_size_problems(cfg),
        *_distillation_problems(cfg),
    ]


def training_warnings(cfg: CfgNode) -> list[str]:
    """Settings that a training accepts but that are rarely meant."""
    metric_loss = cfg.MODEL.METRIC_LOSS_TYPE
    if cfg.DATALOADER.SAMPLER != "softmax" or metric_loss == "none":
        return []
    return [
        f"shuffled batches (DATALOADER.SAMPLER softmax) hold few pairs for the {metric_loss} loss; "
        "MODEL.METRIC_LOSS_TYPE none turns it off"
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
            "nothing to train while the backbone is frozen (SOLVER.FREEZE): with MODEL.ID_LOSS_TYPE none, "
            "nothing else learns"
        )
    if solver.SCHEDULE == "cosine" and solver.MIN_LR > solver.BASE_LR:
        problems.append(f"SOLVER.MIN_LR {solver.MIN_LR} must not be above SOLVER.BASE_LR {solver.BASE_LR}")
    return problems


def _size_problems(cfg: CfgNode) -> list[str]:
    first, full = list(cfg.INPUT.SIZE_FIRST), list(cfg.INPUT.SIZE_TRAIN)
    smaller = first != full and all(a <= b for a, b in zip(first, full, strict=False))
    if cfg.INPUT.FIRST_EPOCHS == 0 or smaller:
        return []
    return [
        f"INPUT.FIRST_EPOCHS: INPUT.SIZE_FIRST {first} must be smaller than INPUT.SIZE_TRAIN {full}; "
        "make it so, or set INPUT.FIRST_EPOCHS 0"
    ]


def _distillation_problems(cfg: CfgNode) -> list[str]:
    problems, model, kd = [], cfg.MODEL, cfg.KD
    if kd.TEACHER and kd.TEACHER_FEATURES:
        problems.append("KD.TEACHER and KD.TEACHER_FEATURES are two teachers; name one")
    if (kd.SELF or kd.TEACHER or kd.TEACHER_FEATURES) and (
        model.ID_LOSS_TYPE != "softmax" or model.HEAD != "global"
    ):
        problems.append("distillation (KD) needs MODEL.ID_LOSS_TYPE softmax and MODEL.HEAD global")
    return problems


def test_problems(cfg: CfgNode) -> list[str]:
    """Problems with the settings of a test."""
    problems = []
    if cfg.TEST.K2 > cfg.TEST.K1:
        problems.append(f"TEST.K2 {cfg.TEST.K2} must not be above TEST.K1 {cfg.TEST.K1}")
    if cfg.TEST.QUERY_EXPANSION and not cfg.TEST.FEAT_NORM:
        problems.append("TEST.QUERY_EXPANSION weighs by cosines: TEST.FEAT_NORM must be yes")
    of_queries = cfg.TEST.SAVE_RESULTS or cfg.TEST.SHOW_WORST or cfg.TEST.REPORT
    if cfg.TEST.PROTOCOL != "standard" and of_queries:
        problems.append(
            "results of each query (SAVE_RESULTS, SHOW_WORST, REPORT) need TEST.PROTOCOL standard"
        )
    return problems
