"""Colour jitter and AutoAugment-style policies of torchvision, on groups of images of a batch."""

from collections.abc import Callable

import torch
from torchvision.transforms import v2

from utils.device import upload

# name in INPUT.AUTOAUG -> policy
POLICIES: dict[str, Callable[[], torch.nn.Module]] = {
    "autoaugment": v2.AutoAugment,  # Cubuk et al., CVPR 2019: ImageNet's policy
    "randaugment": v2.RandAugment,  # Cubuk et al., CVPRW 2020
    "trivialaugment": v2.TrivialAugmentWide,  # Müller and Hutter, ICCV 2021
}
GROUPS = 8


class PolicyOnGroups:
    """Apply a policy of torchvision to some images of a batch.

    torchvision draws one set of parameters for a whole batch. Here the chosen images are dealt at random into
    up to GROUPS groups, and each group draws its own: what happens to an image has the same distribution as
    if it stood alone, at the cost of GROUPS calls whatever the size of the batch. Some of torchvision's
    operations make the host wait for a GPU.

    Args:
        policy: from (n, 3, H, W) uint8 to the same.
        prob: probability that an image is chosen.
    """

    def __init__(self, policy: Callable[[torch.Tensor], torch.Tensor], prob: float):
        self.policy, self.prob = policy, prob

    def __call__(self, images: torch.Tensor, draws: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        """The batch with the chosen images changed.

        Args:
            images: (B, 3, H, W) uint8 RGB.
            draws: (B,) in [0, 1), on the host: which images are chosen, and for which group.
            generator: of the parameters, on the host.
        """
        groups = (draws / self.prob * GROUPS).long()  # uniform over the groups, given that it is below GROUPS
        seeds = torch.randint(2**31, (GROUPS,), generator=generator).tolist()
        images = images.clone()
        with torch.random.fork_rng(devices=[]):  # torchvision draws from torch's own generator, on the host
            for group, seed in enumerate(seeds):
                members = (groups == group).nonzero().view(-1)
                if len(members):
                    members = upload(members, images.device)
                    torch.default_generator.manual_seed(seed)
                    images[members] = self.policy(images[members])
        return images
