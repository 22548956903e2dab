"""Settings as reid-strong-baseline and programs derived from it write them."""

from typing import Any

from loguru import logger

# They do nothing there, or nothing here: CHECKPOINT_PERIOD because weights are saved at each evaluation
# (SOLVER.EVAL_PERIOD).
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
# The center loss is named twice, by METRIC_LOSS_TYPE and by IF_WITH_CENTER; here only by the switch.
CENTER_TYPES = {"triplet_center": "triplet", "center": "none"}
SELF_DISTILLED = "_kd"  # resnet50_kd: resnet50 with KD.SELF on


def without_obsolete(pairs: list[tuple[str, Any]]) -> list[tuple[str, Any]]:
    """The (key, value) pairs that mean something here; the others are named in a warning."""
    if obsolete := sorted({key for key, _ in pairs} & OBSOLETE):
        logger.warning(f"settings without effect here: {', '.join(obsolete)}")
    return [pair for pair in pairs if pair[0] not in OBSOLETE]


def translate(key: str, value: Any) -> dict[str, Any]:
    """A setting in this program's terms, in which it may be more than one."""
    if key == "MODEL.NAME" and value.endswith(SELF_DISTILLED):
        return {key: value.removesuffix(SELF_DISTILLED), "KD.SELF": True}
    if key == "MODEL.METRIC_LOSS_TYPE" and value in CENTER_TYPES:
        return {key: CENTER_TYPES[value], "MODEL.IF_WITH_CENTER": True}
    return {key: value}
