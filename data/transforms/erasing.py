"""Random erasing (Zhong et al., "Random Erasing Data Augmentation", AAAI 2020)."""

import torch

AREA = (0.02, 0.4)  # erased part of the image
ASPECT = (0.3, 1 / 0.3)  # height : width of the erased rectangle
ATTEMPTS = (
    20  # an attempt fails about one time in ten at 2:1 images; the paper's 100 would find no other rectangle
)


def random_erasing(images: torch.Tensor, prob: float, generator: torch.Generator) -> torch.Tensor:
    """Put the mean pixel into a random rectangle of some images, in place.

    Area and aspect ratio are uniform over AREA and ASPECT; a rectangle that does not fit is drawn again.

    Args:
        images: (B, C, H, W) float, normalised, so that the mean pixel is 0.
        prob: probability that an image is erased.
        generator: of the random numbers, on the images' device.

    Returns:
        ``images``.
    """
    size, _, height, width = images.shape
    draws = torch.rand(5, size, ATTEMPTS, generator=generator, device=images.device)
    top, left, h, w, fits = rectangles(draws, height, width)
    first = fits.int().argmax(1, keepdim=True)  # the first attempt that fits
    top, left, h, w, fits = (x.gather(1, first)[:, :, None] for x in (top, left, h, w, fits))
    chosen = fits & (draws[4, :, :1, None] < prob)
    rows = torch.arange(height, device=images.device)[None, :, None]
    cols = torch.arange(width, device=images.device)[None, None, :]
    erased = chosen & (rows >= top) & (rows < top + h) & (cols >= left) & (cols < left + w)
    return images.masked_fill_(erased[:, None], 0)


def rectangles(draws: torch.Tensor, height: int, width: int) -> tuple[torch.Tensor, ...]:
    """Rectangles from uniform numbers.

    Args:
        draws: (>= 4, ...) in [0, 1): area, aspect ratio, place of the top, place of the left side.
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
