"""What torch asks of a CUDA device besides computing, for a process that has none and never will."""

import contextlib

import torch
import torch.nn.functional as F
from torch._subclasses import fake_tensor

CAPABILITY = [(9, 0)]  # of the device: bfloat16 from 8.0 on


class Event:
    """An event that has happened."""

    def query(self) -> bool:
        return True

    def synchronize(self) -> None:
        pass


class Stream:
    """A stream on which everything is done."""

    def __init__(self, *args, **kwargs):
        pass

    def record_event(self, event=None) -> Event:
        return event or Event()

    def wait_event(self, event) -> None:
        pass

    def wait_stream(self, stream) -> None:
        pass


def is_pinned(tensor: torch.Tensor, *_) -> bool:
    """Whether a tensor of the host was pinned."""
    return getattr(tensor, "pinned", False)


def _pin_memory(tensor, *_):
    tensor = tensor.clone(memory_format=torch.preserve_format)
    tensor.pinned = True
    return tensor


_empty = torch.empty


def _empty_pinned(*args, pin_memory=False, **kwargs):
    tensor = _empty(*args, **kwargs)
    if pin_memory:
        tensor.pinned = True
    return tensor


def _attention(query, key, value, attn_mask=None, dropout_p=0.0, scale=None, **_):
    """The plain formula: which kernel torch takes depends on properties of the device."""
    weights = query @ key.transpose(-2, -1) * (scale or query.shape[-1] ** -0.5)
    return F.dropout((weights if attn_mask is None else weights + attn_mask).softmax(-1), dropout_p) @ value


def _memory_format(images, weights, *_):
    """As cuDNN: the channels are last in the result if they are in one of these."""
    last = images.dim() == 4 and 1 in (images.stride(1), weights.stride(1))
    return torch.channels_last if last else torch.contiguous_format


def _statistics(number: int):
    return lambda x, *_: tuple(x.new_empty(x.shape[1], dtype=torch.float32) for _ in range(number))


# Shapes that the parts of a synchronised batch norm give, which torch leaves to the kernels.
_SYNC_BATCH_NORM = {
    "batch_norm_stats": _statistics(2),
    "batch_norm_gather_stats_with_counts": _statistics(2),
    "batch_norm_elemt": lambda x, *_: torch.empty_like(x),
    "batch_norm_backward_reduce": lambda gradient, *args: _statistics(4)(gradient),
    "batch_norm_backward_elemt": lambda gradient, x, *_: torch.empty_like(x),
}
_META = torch.library.Library("aten", "IMPL", "Meta")


def replace_missing_parts() -> None:
    """Replace in this process, for good, whatever would ask CUDA for something."""
    parts = {
        torch.cuda: {
            "_lazy_init": lambda: None,
            "current_device": lambda: 0,
            "current_stream": Stream,
            "default_stream": Stream,
            "device_count": lambda: 1,
            "empty_cache": lambda: None,
            "get_device_capability": lambda *_: CAPABILITY[0],
            "get_device_name": lambda *_: "pretended",
            "get_rng_state_all": lambda: [],
            "is_available": lambda: True,
            "is_bf16_supported": lambda *_, **__: CAPABILITY[0] >= (8, 0),
            "manual_seed_all": lambda seed: None,
            "max_memory_allocated": lambda *_: 0,
            "memory_reserved": lambda *_: 0,
            "mem_get_info": lambda *_: (70 << 30, 80 << 30),
            "set_device": lambda device: None,
            "set_rng_state_all": lambda states: None,
            "stream": lambda stream: contextlib.nullcontext(),
            "synchronize": lambda *_: None,
            "Event": lambda *_, **__: Event(),
            "Stream": Stream,
        },
        torch.Tensor: {
            "is_pinned": is_pinned,
            "pin_memory": _pin_memory,
            "record_stream": lambda tensor, stream: None,
        },
        torch._C: {
            "_select_conv_backend": lambda *_, **__: None,
            "_conv_determine_backend_memory_format": _memory_format,
        },
        torch: {"empty": _empty_pinned},
        fake_tensor: {"init_gpu_context": lambda *_: None},
        F: {"scaled_dot_product_attention": _attention},
    }
    for place, replacements in parts.items():
        for name, replacement in replacements.items():
            setattr(place, name, replacement)
    for name, shapes in _SYNC_BATCH_NORM.items():
        if not torch._C._dispatch_has_kernel_for_dispatch_key(f"aten::{name}", "Meta"):
            _META.impl(name, shapes)
    # A parameter that is real cannot become a fake one in place, as one of a CPU becomes one of CUDA.
    torch.__future__.set_overwrite_module_params_on_conversion(True)
    # Else torch would go through them one by one, as it does not through CUDA's own.
    torch.utils._foreach_utils._foreach_supported_types.append(fake_tensor.FakeTensor)
