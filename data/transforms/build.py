"""From the settings to the transforms."""

from torchvision.transforms import v2
from yacs.config import CfgNode

from .batch import TestTransform, TrainTransform
from .color import POLICIES, PolicyOnGroups
from .small_first import SmallFirst


def make_train_transform(cfg: CfgNode, shard: tuple[int, int] = (0, 1)) -> TrainTransform | SmallFirst:
    """The augmentation that INPUT describes.

    Args:
        cfg: the settings.
        shard: number of this process, and of all.
    """
    inp = cfg.INPUT
    policies = []
    if inp.AUTOAUG_PROB:
        policies.append(PolicyOnGroups(POLICIES[inp.AUTOAUG](), inp.AUTOAUG_PROB))
    if inp.COLOR_JITTER_PROB:
        policies.append(PolicyOnGroups(v2.ColorJitter(*inp.COLOR_JITTER), inp.COLOR_JITTER_PROB))
    transform = TrainTransform(
        inp.PROB, inp.PADDING, inp.RE_PROB, inp.PIXEL_MEAN, inp.PIXEL_STD, policies, shard
    )
    if not inp.FIRST_EPOCHS:
        return transform
    return SmallFirst(transform, inp.SIZE_FIRST, inp.SIZE_TRAIN, inp.FIRST_EPOCHS)


def make_test_transform(cfg: CfgNode) -> TestTransform:
    """The normalisation alone."""
    return TestTransform(cfg.INPUT.PIXEL_MEAN, cfg.INPUT.PIXEL_STD, cfg.INPUT.SIZE_TEST)
