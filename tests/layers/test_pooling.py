import pytest
import torch

from layers import POOLINGS, max_stripes
from tests.layers.operations import Operations


@pytest.mark.parametrize("dtype, tolerance", [(torch.float32, 1e-5), (torch.float64, 1e-12)])
@pytest.mark.parametrize("p", [3.0, 1.0, 4.5])
def test_generalised_mean_recomputed_by_loops(dtype, tolerance, p):
    torch.manual_seed(0)
    pool = POOLINGS["gem"]().to(dtype)
    pool.p.data.fill_(p)
    maps = torch.randn(2, 3, 4, 5, dtype=dtype)
    found = pool(maps)
    assert found.dtype == dtype and found.shape == (2, 3)
    for b in range(2):
        for c in range(3):
            values = [max(x, 1e-6) ** p for x in maps[b, c].flatten().tolist()]
            expected = (sum(values) / len(values)) ** (1 / p)
            assert found[b, c].item() == pytest.approx(expected, rel=tolerance)


def test_the_exponent_starts_at_3_and_is_learned():
    pool = POOLINGS["gem"]()
    assert list(pool.state_dict()) == ["p"] and pool.p.tolist() == [3.0]
    pool(torch.rand(2, 3, 4, 4)).sum().backward()
    assert pool.p.grad.abs() > 0


def test_exponents_one_and_large_are_mean_and_maximum():
    torch.manual_seed(0)
    pool, maps = POOLINGS["gem"]().double(), torch.rand(2, 3, 4, 4, dtype=torch.float64) + 0.1
    pool.p.data.fill_(1.0)
    assert torch.allclose(pool(maps), POOLINGS["avg"]()(maps))
    pool.p.data.fill_(1000.0)
    assert torch.allclose(pool(maps), maps.amax((2, 3)), rtol=0.01)


@pytest.mark.parametrize("name", POOLINGS)
def test_float32_under_autocast(name):
    torch.manual_seed(0)
    pool, maps = POOLINGS[name](), torch.rand(2, 3, 8, 4).bfloat16()
    with torch.autocast("cpu", torch.bfloat16):
        found = pool(maps)
    assert found.dtype == torch.float32 and torch.equal(found, pool(maps.float()))


@pytest.mark.parametrize("rows, number", [(6, 1), (6, 2), (6, 3), (7, 3), (2, 3)])
def test_stripes_are_maxima_over_equally_high_parts(rows, number):
    torch.manual_seed(0)
    maps = torch.randn(2, 3, rows, 4)
    expected = torch.nn.functional.adaptive_max_pool2d(maps, (number, 1))[..., 0].permute(2, 0, 1)
    assert torch.equal(max_stripes(maps, number), expected)


@pytest.mark.parametrize("name, expected", [("avg", 0), ("gem", 2), ("stripes", 0)])
def test_float32_maps_that_a_bfloat16_one_needs(name, expected):
    """Each takes twice the map's memory. The generalised mean has the values and their powers in float32."""
    pool = POOLINGS[name]() if name in POOLINGS else lambda maps: max_stripes(maps, 3)
    maps = torch.rand(2, 3, 6, 4).bfloat16().requires_grad_()
    with Operations() as operations:
        found = pool(maps)
    assert found.dtype == torch.float32 and torch.equal(found, pool(maps.float()))
    sizes = [(dtype, number) for _, dtype, number in operations.seen]
    assert sizes.count((torch.float32, maps.numel())) == expected
