"""SOLIDER's network in plain loops, and random weights in its published names."""

import torch
from torch.nn.functional import conv2d, gelu, layer_norm, linear, softplus

WINDOW, SHIFT = 7, 3
WIDTH, DEPTHS, HEADS = 8, (2, 2, 2, 2), (1, 2, 2, 4)
Tensors = dict[str, torch.Tensor]


def random_backbone() -> Tensors:
    """Names and shapes of its ``swin_transformer.py``, one width of the stages after another."""
    state = {"patch_embed.projection": (WIDTH, 3, 4, 4), "patch_embed.norm": (WIDTH,)}
    for stage, (depth, heads) in enumerate(zip(DEPTHS, HEADS, strict=True)):
        width = WIDTH * 2**stage
        for block in (f"stages.{stage}.blocks.{number}" for number in range(depth)):
            state |= {f"{block}.norm1": (width,), f"{block}.norm2": (width,)}
            state[f"{block}.attn.w_msa.relative_position_bias_table"] = ((2 * WINDOW - 1) ** 2, heads)
            state |= {
                f"{block}.attn.w_msa.qkv": (3 * width, width),
                f"{block}.attn.w_msa.proj": (width, width),
            }
            state[f"{block}.ffn.layers.0.0"] = (4 * width, width)
            state[f"{block}.ffn.layers.1"] = (width, 4 * width)
        if stage < len(DEPTHS) - 1:
            state[f"stages.{stage}.downsample.norm"] = (4 * width,)
            state[f"stages.{stage}.downsample.reduction"] = (2 * width, 4 * width)
        state[f"norm{stage}"] = (width,)
        after = min(2 * width, WIDTH * 2 ** (len(DEPTHS) - 1))
        state |= {f"semantic_embed_{letter}.{stage}": (after, 2) for letter in "wb"}
    tensors = {}
    for name, shape in state.items():
        if name.endswith("table"):
            tensors[name] = torch.randn(shape)
            index = torch.arange(WINDOW**4).view(WINDOW**2, WINDOW**2)
            tensors[name.replace("bias_table", "index")] = index
            continue
        fan = torch.Size(shape[1:]).numel()
        tensors[f"{name}.weight"] = (
            1 + 0.3 * torch.randn(shape) if fan == 1 else torch.randn(shape) / fan**0.5
        )
        if not name.endswith("reduction"):
            tensors[f"{name}.bias"] = 0.3 * torch.randn(shape[0])
    return tensors


def feature(state: Tensors, images: torch.Tensor, semantic_weight: float) -> torch.Tensor:
    """(B, 3, H, W) to (B, 8 WIDTH), as the published network computes it, image by image."""
    return torch.stack([_feature(state, image, semantic_weight) for image in images])


def _feature(state: Tensors, image: torch.Tensor, semantic_weight: float) -> torch.Tensor:
    projection = state["patch_embed.projection.weight"], state["patch_embed.projection.bias"]
    x = _norm(state, "patch_embed.norm", conv2d(image[None], *projection, stride=4)[0].permute(1, 2, 0))
    share = torch.tensor([semantic_weight, 1 - semantic_weight])
    for stage, (depth, heads) in enumerate(zip(DEPTHS, HEADS, strict=True)):
        for number in range(depth):
            block = f"stages.{stage}.blocks.{number}"
            shift = SHIFT if number % 2 else 0
            x = x + _attention(state, f"{block}.attn.w_msa", _norm(state, f"{block}.norm1", x), heads, shift)
            hidden = gelu(_linear(state, f"{block}.ffn.layers.0.0", _norm(state, f"{block}.norm2", x)))
            x = x + _linear(state, f"{block}.ffn.layers.1", hidden)
        if stage < len(DEPTHS) - 1:
            x = merge(state, f"stages.{stage}.downsample", x)
            factor = softplus(_linear(state, f"semantic_embed_w.{stage}", share))
            x = x * factor + _linear(state, f"semantic_embed_b.{stage}", share)
    return _norm(state, "norm3", x).mean((0, 1))


def merge(state: Tensors, name: str, x: torch.Tensor) -> torch.Tensor:
    """(H, W, C) to (⌈H/2⌉, ⌈W/2⌉, 2 C): 2×2 places, in nn.Unfold's order; nothing beyond the edges is 0."""
    height, width, channels = x.shape
    rows = []
    for top in range(0, height, 2):
        rows.append([])
        for left in range(0, width, 2):
            merged = torch.zeros(4 * channels)
            for channel in range(channels):
                for row in range(min(2, height - top)):
                    for column in range(min(2, width - left)):
                        place = 4 * channel + 2 * row + column
                        merged[place] = x[top + row, left + column, channel]
            rows[-1].append(state[f"{name}.reduction.weight"] @ _norm(state, f"{name}.norm", merged))
    return torch.stack([torch.stack(row) for row in rows])


def _attention(state: Tensors, name: str, x: torch.Tensor, heads: int, shift: int) -> torch.Tensor:
    """Each place sees those of its window that it would see if the map did not end."""
    height, width, channels = x.shape
    high, wide = (-(-size // WINDOW) * WINDOW for size in (height, width))
    padded = torch.zeros(high, wide, channels)
    padded[:height, :width] = x
    out = torch.zeros_like(padded)
    table = state[f"{name}.relative_position_bias_table"]
    for top in range(0, high, WINDOW):
        for left in range(0, wide, WINDOW):
            places = [(top + row, left + column) for row in range(WINDOW) for column in range(WINDOW)]
            seen = [((row + shift) % high, (column + shift) % wide) for row, column in places]
            wrapped = [(row + shift >= high, column + shift >= wide) for row, column in places]
            tokens = torch.stack([padded[place] for place in seen])
            qkv = _linear(state, f"{name}.qkv", tokens).view(len(seen), 3, heads, -1)
            q, k, v = qkv.permute(1, 2, 0, 3)
            scores = q @ k.transpose(1, 2) * q.shape[-1] ** -0.5
            rows = [
                [
                    (row - other_row + WINDOW - 1) * (2 * WINDOW - 1) + column - other_column + WINDOW - 1
                    for other_row, other_column in places
                ]
                for row, column in places
            ]
            apart = [[one != other for other in wrapped] for one in wrapped]
            scores = (scores + table[torch.tensor(rows)].permute(2, 0, 1)).masked_fill(
                torch.tensor(apart), -torch.inf
            )
            mixed = (scores.softmax(-1) @ v).transpose(0, 1).reshape(len(seen), channels)
            for place, token in zip(seen, _linear(state, f"{name}.proj", mixed), strict=True):
                out[place] = token
    return out[:height, :width]


def _linear(state: Tensors, name: str, x: torch.Tensor) -> torch.Tensor:
    return linear(x, state[f"{name}.weight"], state[f"{name}.bias"])


def _norm(state: Tensors, name: str, x: torch.Tensor) -> torch.Tensor:
    return layer_norm(x, x.shape[-1:], state[f"{name}.weight"], state[f"{name}.bias"])
