"""Features of people on a plane: near each other where the features are."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from utils.counting import counted
from utils.errors import InputError
from utils.figures import DARK, GREY, Figure, colour_map, in_style, new_figure, plain, shortened
from utils.optional import need

MARKERS = "os^Dv*Pp<X>hd8"
SIZE, SCALE = (11.0, 7.5), 0.05  # of the picture [inches]; height of a thumbnail, as a share of the plane
FEWEST = 4  # points to lay out
PERPLEXITY = 30.0  # van der Maaten and Hinton's; fewer for few points


class Point(NamedTuple):
    """What is known about an image."""

    path: str
    person: str
    camera: str


def project(features: np.ndarray, method: str, seed: int) -> np.ndarray:
    """Features to places on a plane.

    Args:
        features: (N, D) float32, of length 1.
        method: 'tsne' (van der Maaten and Hinton, JMLR 2008) or 'umap' (McInnes et al., arXiv 1802.03426).
        seed: of its random numbers.

    Returns:
        (N, 2) float32, spread more from left to right than from bottom to top.

    Raises:
        InputError: there are too few, or what computes it is not installed.
    """
    if len(features) < FEWEST:
        raise InputError(
            f"{counted(len(features), 'image is', 'images are')} too few to lay out; at least {FEWEST}"
        )
    places = METHODS[method](features, seed)
    places = places - places.mean(0)
    # The plane has no directions; turned so that most of it is across, it fills a picture.
    return places @ np.linalg.svd(places, full_matrices=False)[2].T


def _tsne(features: np.ndarray, seed: int) -> np.ndarray:
    message = "t-SNE needs scikit-learn: pip install -r requirements-watch.txt"
    manifold = need("sklearn.manifold", message)
    perplexity = min(PERPLEXITY, (len(features) - 1) / 3)
    return manifold.TSNE(perplexity=perplexity, init="pca", random_state=seed).fit_transform(features)


def _umap(features: np.ndarray, seed: int) -> np.ndarray:
    umap = need("umap", "UMAP needs umap-learn: pip install umap-learn, or take --method tsne")
    neighbours = min(15, len(features) - 1)
    # With a seed it computes in one thread, and says so unless it is told to.
    layout = umap.UMAP(n_neighbors=neighbours, metric="cosine", random_state=seed, n_jobs=1)
    return layout.fit_transform(features)


METHODS = {"tsne": _tsne, "umap": _umap}


@in_style
def draw_embedding(
    places: np.ndarray,
    points: Sequence[Point],
    read: Callable[[str], np.ndarray | None],
    title: str,
) -> Figure:
    """Draw a colour for each person, a marker for each camera, and a picture of each person.

    Args:
        places: (N, 2), of ``project``.
        points: of each.
        read: from a path to (H, W, 3) uint8 RGB; None: it cannot be read.
        title: of the picture.
    """
    figure = new_figure(*SIZE, title)
    axes = figure.subplots()
    axes.set(xticks=[], yticks=[])
    axes.set_aspect("equal", adjustable="datalim")
    axes.spines[:].set_visible(False)
    people = list(dict.fromkeys(point.person for point in points))
    cameras = sorted({point.camera for point in points}, key=lambda name: (len(name), name))
    colours = dict(zip(people, _colours(len(people)), strict=True))
    for number, camera in enumerate(cameras):
        seen = [n for n, point in enumerate(points) if point.camera == camera]
        shown = [colours[points[n].person] for n in seen]
        label = plain(f"cam. {shortened(camera, 16)}")
        marker = MARKERS[number % len(MARKERS)]
        axes.scatter(*places[seen].T, s=30, c=shown, marker=marker, label=label, linewidths=0, alpha=0.75)
    high = SCALE * np.ptp(places, axis=0).max()
    for person in people:
        own = [n for n, point in enumerate(points) if point.person == person]
        middle = np.median(places[own], axis=0)
        distances = np.linalg.norm(places[own] - middle, axis=1)
        above = middle + [0, np.median(distances) + 0.7 * high]  # not over the points
        _thumbnail(axes, read(points[own[distances.argmin()]].path), above, high, colours[person])
    legend = axes.legend(loc="upper left", bbox_to_anchor=(1, 1), labelcolor=DARK)
    for handle in legend.legend_handles:
        handle.set_color(GREY)
    axes.autoscale_view()
    return figure


def _thumbnail(axes, pixels: np.ndarray | None, middle: np.ndarray, high: float, colour) -> None:
    """A small picture around a place, in a frame of the person's colour."""
    if pixels is None:
        return
    wide = high * pixels.shape[1] / pixels.shape[0]
    left, right = middle[0] - wide / 2, middle[0] + wide / 2
    bottom, top = middle[1] - high / 2, middle[1] + high / 2
    axes.imshow(pixels, extent=(left, right, bottom, top), interpolation="antialiased", zorder=3)
    frame = [left, right, right, left, left], [bottom, bottom, top, top, bottom]
    axes.plot(*frame, color=colour, linewidth=1.8, zorder=4, solid_joinstyle="miter")


def _colours(number: int) -> list[tuple]:
    """Of so many people, red, green and blue in 0..1: ten strong ones, ten light ones, else a circle's."""
    if number <= 20:
        colours = colour_map("tab20", np.r_[0:20:2, 1:20:2][:number] / 19)
    else:
        colours = colour_map("hsv", np.arange(number) / number)
    return [tuple(colour) for colour in colours / 255]
