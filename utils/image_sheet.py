"""Images with frames and captions, side by side."""

import numpy as np

from .figures import DARK, GREY, LIGHT, Figure, new_figure, plain

FONT = 7.5  # of captions [points]
LINE = 0.135  # of a caption [inches]
HEAD = 0.5  # of the title [inches]


class ImageSheet:
    """Places images and texts by the inch, from the top left corner of a figure or of a part of it.

        sheet = ImageSheet.titled(8, 5, "Title")
        sheet.image(pixels, left=0.2, top=HEAD + LINE, size=(1, 2), caption="one", colour=GREEN)
        return sheet.figure

    One Axes for all of it is drawn many times faster than one for each image.

    Args:
        figure: a figure, or a subfigure of one.
        width: of it [inches].
        height: of it [inches].
    """

    def __init__(self, figure: Figure, width: float, height: float):
        self.figure = figure
        self.axes = figure.add_axes((0, 0, 1, 1))
        self.axes.axis("off")
        self.axes.set(xlim=(0, width), ylim=(height, 0), autoscale_on=False)

    @classmethod
    def titled(cls, width: float, height: float, title: str) -> "ImageSheet":
        """A sheet that is a figure of its own."""
        return cls(new_figure(width, height, title, layout="none"), width, height)

    def image(
        self,
        pixels: np.ndarray | None,
        left: float,
        top: float,
        size: tuple[float, float],
        caption: str = "",
        colour: str = LIGHT,
    ) -> None:
        """Show an image in the middle of a box, as large as it fits, with a line of text above the box.

        Args:
            pixels: (H, W, 3) uint8 RGB; None: it cannot be read.
            left: of the box [inches].
            top: of the box [inches].
            size: width and height of the box [inches].
            caption: a few words.
            colour: of the frame, which is thick unless it is LIGHT, and of the caption.
        """
        shape = (2, 1) if pixels is None else pixels.shape[:2]
        scale = min(size[0] / shape[1], size[1] / shape[0])
        half, middle = scale * shape[1] / 2, left + size[0] / 2
        bottom = top + scale * shape[0]
        is_plain = colour == LIGHT
        if pixels is None:
            self.text(middle, (top + bottom) / 2, "cannot\nbe read", GREY, ha="center", va="center")
        else:
            place = (middle - half, middle + half, bottom, top)
            self.axes.imshow(pixels, extent=place, aspect="auto", interpolation="antialiased")
        self.axes.plot(
            middle + half * np.array([-1, 1, 1, -1, -1]),
            [top, top, bottom, bottom, top],
            color=colour,
            linewidth=0.8 if is_plain else 2.2,
            solid_joinstyle="miter",
        )
        self.text(middle, top - 0.04, caption, DARK if is_plain else colour, ha="center", va="bottom")

    def text(self, left: float, top: float, text: str, colour: str = DARK, **style) -> None:
        """Write at a place [inches]; the style is that of matplotlib's texts."""
        self.axes.text(left, top, plain(text), color=colour, **{"fontsize": FONT, "va": "center"} | style)
