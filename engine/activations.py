"""Where a network looks: the energy of its last feature map, over the image."""

from collections.abc import Sequence

import cv2
import numpy as np
import torch
from torch import nn

from modeling import Baseline
from utils.errors import InputError
from utils.figures import Figure, colour_map, in_style, shortened
from utils.image_sheet import HEAD, LINE, ImageSheet

COLUMNS = 4  # images in a row, each with its map and both together
WIDTH, GAP = 0.72, 0.06  # of a picture; around it [inches]
SHARE = 0.55  # of the map, where it lies over the image


@torch.inference_mode()
def activation_maps(network: nn.Module, images: torch.Tensor) -> torch.Tensor:
    """The energy of the last feature map at each place: the sum of the squares of its channels.

    Each image's map has length 1 (L2 norm), as in Zhou et al., "Omni-Scale Feature Learning for Person
    Re-Identification", ICCV 2019, and deep-person-reid's ``visualize_actmap``. The maps of a transformer are
    those of its patch tokens, after the last norm.

    Args:
        network: in evaluation mode.
        images: (B, 3, H, W) float32, the network's input, on its device.

    Returns:
        (B, H', W') float32, on the same device.

    Raises:
        InputError: the network gives no map.
    """
    energy = _maps(network, images).float().square().sum(1)
    return nn.functional.normalize(energy.flatten(1)).view_as(energy)


def _maps(network: nn.Module, images: torch.Tensor) -> torch.Tensor:
    """(B, C, H', W')."""
    if not isinstance(network, Baseline):
        raise InputError(
            "an exported file gives features, no maps; name the weights (mAPxx.pth) that it came from"
        )
    base = network.base
    if network.info.maps:
        return base(images)
    if not hasattr(base, "forward_intermediates"):  # as timm's transformers have
        raise InputError(f"this network ({type(base).__name__}) gives no map of the image to look at")
    (maps,) = base.forward_intermediates(images, indices=1, norm=True, intermediates_only=True)
    return maps


def heat(energy: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """A map as colours, from its least energy in blue to its most in red.

    Args:
        energy: (H', W').
        size: height and width of the picture [pixels].

    Returns:
        (H, W, 3) uint8 RGB.
    """
    least, most = energy.min(), energy.max()
    energy = cv2.resize(energy.astype(np.float32), size[::-1], interpolation=cv2.INTER_CUBIC)
    # Which goes a little below the least and above the most; colour maps end there.
    return colour_map("turbo", (energy - least) / max(most - least, 1e-12))


@in_style
def draw_activations(
    images: Sequence[np.ndarray], energies: Sequence[np.ndarray], names: Sequence[str], title: str
) -> Figure:
    """Draw each image, its map, and both together.

    Args:
        images: (H, W, 3) uint8 RGB, all of one size.
        energies: (H', W') of each.
        names: what each is called.
        title: of the picture.
    """
    height, width = images[0].shape[:2]
    box = (WIDTH, WIDTH * height / width)
    step = (3 * (box[0] + GAP) + 4 * GAP, box[1] + LINE + 4 * GAP)
    columns, rows = min(COLUMNS, len(images)), -(-len(images) // COLUMNS)
    wide = max(4 * GAP + columns * step[0], 0.085 * len(title) + 0.3)  # room for the title
    sheet = ImageSheet.titled(wide, HEAD + rows * step[1], title)
    for place, (image, energy, name) in enumerate(zip(images, energies, names, strict=True)):
        row, column = divmod(place, COLUMNS)
        left, top = 4 * GAP + column * step[0], HEAD + LINE + row * step[1]
        colours = heat(energy, (height, width))
        both = np.round((1 - SHARE) * image + SHARE * colours).astype(np.uint8)
        for number, pixels in enumerate((image, colours, both)):
            sheet.image(pixels, left + number * (box[0] + GAP), top, box)
        sheet.text(left, top - 0.04, shortened(name, 36), va="bottom")
    return sheet.figure
