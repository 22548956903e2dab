"""What torch runs, and how large what it makes is."""

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves


class Operations(TorchDispatchMode):
    """Notes each tensor that an operation makes meanwhile: (operation, dtype, number of elements)."""

    def __init__(self):
        super().__init__()
        self.seen: list[tuple[str, torch.dtype, int]] = []

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        out = function(*args, **(kwargs or {}))
        tensors = [x for x in tree_leaves(out) if isinstance(x, torch.Tensor)]
        if function is not torch.ops.aten.detach.default:  # which gives the same memory
            self.seen += [(str(function), x.dtype, x.numel()) for x in tensors]
        return out
