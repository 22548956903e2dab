"""Where a network looks, against plain loops."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from matplotlib import colormaps
from torch import nn

from engine.activations import activation_maps, draw_activations, heat
from modeling import build_model
from utils.errors import InputError


@pytest.fixture
def network(load, quick):
    torch.manual_seed(0)
    return build_model(load(*quick), num_classes=0).eval()


def plain_energy(maps: torch.Tensor) -> np.ndarray:
    """(B, C, H, W), by the formula of deep-person-reid."""
    found = np.zeros((maps.shape[0], *maps.shape[2:]))
    for b, one in enumerate(maps.double().numpy()):
        for y in range(one.shape[1]):
            for x in range(one.shape[2]):
                found[b, y, x] = sum(value * value for value in one[:, y, x])
        found[b] /= math.sqrt(sum(value * value for value in found[b].flat))
    return found


def test_the_energy_of_the_last_map(network):
    images = torch.randn(3, 3, 64, 32)
    found = activation_maps(network, images)
    assert found.dtype == torch.float32 and found.shape == (3, 4, 2)
    with torch.no_grad():
        assert np.allclose(found, plain_energy(network.base(images)), atol=1e-6)


def test_a_place_that_alone_is_active_is_the_brightest(network):
    class OnePlace(nn.Module):
        def forward(self, images):
            maps = torch.zeros(len(images), 8, 4, 2)
            maps[:, 3, 1, 0] = -2  # the sign does not matter
            return maps

    network.base = OnePlace()
    (energy,) = activation_maps(network, torch.zeros(1, 3, 64, 32)).numpy()
    assert np.array_equal(np.argwhere(energy), [[1, 0]]) and energy[1, 0] == 1
    colours = heat(energy, (64, 32))
    top, bottom = (np.array(colormaps["turbo"](value, bytes=True)[:3]) for value in (255, 0))
    assert np.abs(colours[24, 4].astype(int) - top).max() < 40, "in the middle of its quarter"
    assert np.abs(colours[60, 28].astype(int) - bottom).max() < 40
    assert (heat(np.ones((4, 2)), (64, 32)) == heat(np.zeros((4, 2)), (64, 32))).all(), "no energy anywhere"


def test_a_transformers_patches(load, quick):
    network = build_model(load(*quick, "--model_name", "timm/vit_tiny_patch16_224"), num_classes=0).eval()
    images = torch.randn(2, 3, 64, 32)
    found = activation_maps(network, images)
    with torch.no_grad():
        tokens = network.base.forward_features(images)[:, network.base.num_prefix_tokens :]
    maps = tokens.transpose(1, 2).reshape(2, -1, 4, 2)
    assert np.allclose(found, plain_energy(maps), atol=1e-5)


def test_networks_without_maps(network):
    images = torch.zeros(1, 3, 64, 32)
    network.info = replace(network.info, maps=False)
    with pytest.raises(InputError, match=r"this network \(TinyBackbone\) gives no map"):
        activation_maps(network, images)
    with pytest.raises(InputError, match=r"an exported file gives features, no maps; name the weights"):
        activation_maps(nn.Identity(), images)


def test_each_image_its_map_and_both():
    images = [np.full((64, 32, 3), value, np.uint8) for value in (10, 20, 30, 40, 50)]
    energies = [np.array([[0.0, 1.0], [0.0, 0.0]])] * 5
    (sheet,) = draw_activations(images, energies, [f"{n}.jpg" for n in range(5)], "Title").axes
    shown = [np.array(image.get_array()) for image in sheet.images]
    texts = [text.get_text() for text in sheet.texts]
    assert len(shown) == 15 and {*texts} == {"", *(f"{n}.jpg" for n in range(5))}
    for number, image in enumerate(images):
        alone, colours, both = shown[3 * number : 3 * number + 3]
        assert (alone == image).all() and (colours == heat(energies[0], (64, 32))).all()
        assert np.abs(both - (0.45 * image + 0.55 * colours)).max() <= 1
    lefts = [image.get_extent()[0] for image in sheet.images]
    assert lefts[12:] == lefts[:3], "the fifth stands below the first"
