"""Random erasing (Zhong et al., "Random Erasing Data Augmentation", AAAI 2020)."""

import torch

from utils.device import upload

AREA = (0.02, 0.4)  # erased part of the image
ASPECT = (0.3, 1 / 0.3)  # height : width of the erased rectangle
# An attempt fails about one time in ten at 2:1 images; the paper's 100 would find no other rectangle.
ATTEMPTS = 20
DRAWS = 1 + 4 * ATTEMPTS  # uniform numbers that an image needs


def random_erasing(images: torch.Tensor, prob: float, draws: torch.Tensor) -> torch.Tensor:
    """Put the mean pixel into a random rectangle of some images, in place.

    Area and aspect ratio are uniform over AREA and ASPECT; a rectangle that does not fit is drawn again.

    Args:
        images: (B, C, H, W) float, channels last, normalised, so that the mean pixel is 0.
        prob: probability that an image is erased.
        draws: (B, DRAWS) in [0, 1), on the host.

    Returns:
        ``images``.
    """
    height, width = images.shape[2:]
    attempts = draws[:, 1:].view(-1, 4, ATTEMPTS).transpose(0, 1)
    top, left, h, w, fits = rectangles(attempts, height, width)
    first = fits.int().argmax(1, keepdim=True)  # the first attempt that fits
    top, left, h, w, fits = (x.gather(1, first) for x in (top, left, h, w, fits))
    row = torch.arange(height)
    erased = fits & (draws[:, :1] < prob) & (row >= top) & (row < top + h)
    image, row = erased.nonzero().unbind(1)
    # What is erased, as runs of pixels in memory order; then as single pixels.
    start, length = (image * height + row) * width + left[image, 0], w[image, 0]
    ends = length.cumsum(0)
    number = int(length.sum())
    shift, length = upload(torch.stack((start - ends + length, length)), images.device)
    pixels = torch.repeat_interleave(shift, length, output_size=number)
    pixels += torch.arange(number, device=images.device)
    images.permute(0, 2, 3, 1).view(-1, images.shape[1]).index_fill_(0, pixels, 0)
    return images


def rectangles(draws: torch.Tensor, height: int, width: int) -> tuple[torch.Tensor, ...]:
    """Rectangles from uniform numbers.

    Args:
        draws: (4, ...) in [0, 1): area, aspect ratio, place of the top, place of the left side.
        height: of the image [pixels].
        width: of the image [pixels].

    Returns:
        top, left, height, width [pixels], and whether the rectangle fits; each (...).
    """
    area = height * width * (AREA[0] + (AREA[1] - AREA[0]) * draws[0])
    aspect = ASPECT[0] + (ASPECT[1] - ASPECT[0]) * draws[1]
    h = (area * aspect).sqrt().round().long()
    w = (area / aspect).sqrt().round().long()
    top = (draws[2] * (height - h + 1)).long()
    left = (draws[3] * (width - w + 1)).long()
    return top, left, h, w, (h < height) & (w < width)
