import sys
from types import SimpleNamespace

import numpy as np
import pytest
from matplotlib.colors import to_hex

from evaluation.embedding import MARKERS, Point, draw_embedding, project
from utils.errors import InputError


def people(number: int, images: int) -> np.ndarray:
    """Features near one of as many directions as there are people."""
    rng = np.random.default_rng(0)
    features = np.repeat(np.eye(number, 16), images, axis=0) + rng.normal(0, 0.02, (number * images, 16))
    return (features / np.linalg.norm(features, axis=1, keepdims=True)).astype(np.float32)


def test_neighbours_stay_neighbours():
    pytest.importorskip("sklearn")
    features = people(4, 12)
    places = project(features, "tsne", seed=0)
    assert places.shape == (48, 2) and np.ptp(places[:, 0]) >= np.ptp(places[:, 1])
    for number, place in enumerate(places):
        distances = np.linalg.norm(places - place, axis=1)
        nearest = distances.argsort()[1:6]
        assert (nearest // 12 == number // 12).all(), "of the same person"
    assert np.array_equal(places, project(features, "tsne", seed=0))
    assert project(features[:4], "tsne", seed=0).shape == (4, 2)


def test_umap_is_asked_for_as_many_neighbours_as_there_are(monkeypatch):
    class Umap:
        def __init__(self, n_neighbors: int, metric: str, random_state: int, n_jobs: int):
            assert (n_neighbors, metric, random_state) == (7, "cosine", 3)

        def fit_transform(self, features: np.ndarray) -> np.ndarray:
            return features[:, [1, 0]]

    monkeypatch.setitem(sys.modules, "umap", SimpleNamespace(UMAP=Umap))
    features = people(2, 4)
    distances = [
        np.linalg.norm(f[:, None] - f, axis=2) for f in (features[:, :2], project(features, "umap", 3))
    ]
    assert np.allclose(*distances, atol=1e-5), "turned, not changed"


def test_too_few_images_and_missing_packages(monkeypatch):
    with pytest.raises(InputError, match="3 images are too few to lay out; at least 4"):
        project(people(1, 3), "tsne", seed=0)
    packages = {"tsne": ("sklearn.manifold", "scikit-learn"), "umap": ("umap", "umap-learn")}
    for method, (module, package) in packages.items():
        monkeypatch.setitem(sys.modules, module, None)
        with pytest.raises(InputError, match=f"needs {package}: pip install"):
            project(people(1, 4), method, seed=0)


@pytest.mark.parametrize("number", [2, 8, 30])
def test_a_colour_for_each_person_and_a_marker_for_each_camera(number):
    points = [Point(f"{p}-{c}.jpg", f"{p}", f"{c}") for p in range(number) for c in (10, 9, 1) for _ in "ab"]
    places = np.random.default_rng(0).normal(size=(len(points), 2))
    pixels = {"0-1.jpg": None}
    figure = draw_embedding(places, points, lambda path: pixels.get(path, np.zeros((8, 4, 3), np.uint8)), "T")
    (axes,) = figure.axes
    assert [cloud.get_label() for cloud in axes.collections] == ["cam. 1", "cam. 9", "cam. 10"]
    colours: dict[str, set] = {}
    for cloud, camera in zip(axes.collections, ("1", "9", "10"), strict=True):
        own = [n for n, point in enumerate(points) if point.camera == camera]
        assert np.allclose(cloud.get_offsets(), places[own])
        for n, colour in zip(own, cloud.get_facecolors(), strict=True):
            colours.setdefault(points[n].person, set()).add(to_hex(colour))
    assert all(len(shown) == 1 for shown in colours.values())
    assert len(set.union(*colours.values())) == number, "no two people have the same"
    assert number - 1 <= len(axes.images) <= number and len(MARKERS) >= 6
