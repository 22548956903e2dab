"""From uint8 pixels to the network's input; name -> case(bench)."""

from contextlib import nullcontext

import torch

from data.transforms import POLICIES, make_test_transform, make_train_transform
from tests.cuda.bench import CUDA, TINY, Bench, uint8_images


def transform(*words: str, train: bool = True, may_wait: bool = False):
    """Five batches; from the second on, the host must not wait, except where torchvision's policies do."""

    def run(bench: Bench) -> None:
        cfg = bench.cfg(*TINY, *words)
        made = make_train_transform(cfg) if train else make_test_transform(cfg)
        images = uint8_images(16, cfg.INPUT.SIZE_TRAIN)
        made(images, torch.bfloat16)  # its constants are copied once
        for _ in range(4):
            with nullcontext() if may_wait else bench.cuda.no_waiting():
                out = made(images, torch.bfloat16)
            assert out.device == CUDA and out.dtype == torch.bfloat16 and out.shape == images.shape
            assert out.is_contiguous(memory_format=torch.channels_last)

    return run


CASES = {
    "transform for training": transform(),
    "transform without chance": transform("INPUT.PROB", "0", "INPUT.RE_PROB", "0", "INPUT.PADDING", "0"),
    "transform for testing": transform(train=False),
    **{
        f"transform {name}": transform("INPUT.AUTOAUG", name, "INPUT.AUTOAUG_PROB", "1", may_wait=True)
        for name in POLICIES
    },
    "transform colour jitter": transform("INPUT.COLOR_JITTER_PROB", "1", may_wait=True),
}
