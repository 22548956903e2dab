"""What an exported file computes: the network, and what the form asks for before and behind it."""

from copy import deepcopy

import torch
import torch.nn.functional as F
from torch import nn

from .form import Form, Source

EXAMPLES = 2  # images; torch would take a batch of one for a constant


class FeatureNetwork(nn.Module):
    """A copy of a network on the CPU, from the file's input to its output.

    In half precision, as with SOLVER.AMP on a GPU, the backbone computes in float16 and what follows its maps
    in float32, where sums of squares and powers would not fit into float16. Input and output are float32.

    Args:
        source: the network.
        form: how it is to be written.
        half: compute in half precision.
    """

    def __init__(self, source: Source, form: Form, half: bool = False):
        super().__init__()
        network = deepcopy(source.network).cpu().to(memory_format=torch.contiguous_format)
        self.network = network.eval().requires_grad_(False)
        self.form, self.dtype = form, torch.float16 if half else torch.float32
        if half:
            network.base.half()
            if behind := network.info.after_pooling:
                getattr(network.base, behind).float()
        inp = source.cfg.INPUT
        self.size = tuple(inp.SIZE_TEST)
        mean, std = torch.tensor(inp.PIXEL_MEAN), torch.tensor(inp.PIXEL_STD)
        self.register_buffer("scale", (1 / (255 * std)).view(3, 1, 1), persistent=False)
        self.register_buffer("shift", (mean / std).view(3, 1, 1), persistent=False)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """(N, 3, H, W) float32, or with ``takes_pixels`` (N, H, W, 3) uint8, to (N, D) float32."""
        if self.form.takes_pixels:
            images = images.permute(0, 3, 1, 2).float() * self.scale - self.shift
        features = self.network(images.to(self.dtype))
        return F.normalize(features, dim=1) if self.form.l2_norm else features

    def example(self) -> torch.Tensor:
        """Images as it takes them."""
        if self.form.takes_pixels:
            return torch.randint(256, (EXAMPLES, *self.size, 3), dtype=torch.uint8)
        return torch.randn(EXAMPLES, 3, *self.size)
