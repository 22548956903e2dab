"""A CUDA device that is not there.

Tensors on the CPU are real; those on ``cuda`` are torch's fake tensors, which have a device, a dtype and a
layout but no values. It shows where tensors lie, when the host would wait for the device, and how many
operations it would launch; not what kernels compute, not races, not speed.
"""

import contextlib
import traceback
from collections import Counter
from pathlib import Path

import torch
from torch._subclasses.fake_tensor import FakeTensor, FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map

from tests.commands import ROOT
from tests.cuda.missing_parts import is_pinned, replace_missing_parts

# Operations whose result, or whose result's shape, the host reads.
WAITING = {"_local_scalar_dense", "_unique2", "bincount", "equal", "masked_select", "nonzero"}
WAITING |= {"unique_consecutive", "unique_dim"}
NO_LAUNCH = {"_reshape_alias", "_unsafe_view", "lift_fresh", "empty", "empty_like", "empty_strided"}
NO_LAUNCH |= {"new_empty", "new_empty_strided"}


class HostSyncError(Exception):
    """The host waits for the device where it must not."""


class WrongPlaceError(Exception):
    """A tensor of the host in an operation of the device."""


class PretendedCuda(TorchDispatchMode):
    """While it is entered, ``cuda`` is a device.

        with PretendedCuda() as cuda:
            network.to("cuda")
            with cuda.no_waiting():
                network(images)  # a HostSyncError where the host would wait
            print(cuda.launches.total())

    Integers that are copied to the device keep their values, as do those computed from them alone: labels
    come back as they went.

    Attributes:
        launches: operations on the device by name. One on lists counts once where CUDA has a kernel for the
            whole lists, else once for each tensor.
    """

    def __init__(self):
        super().__init__()
        replace_missing_parts()
        self.launches: Counter[str] = Counter()
        self._fake = FakeTensorMode(allow_non_fake_inputs=True)
        self._strict = False

    def __enter__(self):
        torch._C._set_only_lift_cpu_tensors(True)
        return super().__enter__()

    def __exit__(self, *error):
        super().__exit__(*error)
        torch._C._set_only_lift_cpu_tensors(False)

    @contextlib.contextmanager
    def no_waiting(self):
        """While it is entered, the host must not wait for the device."""
        self._strict = True
        try:
            yield
        finally:
            self._strict = False

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        if function is torch.ops.prim.device.default:
            return args[0].fake_device
        kwargs = kwargs or {}
        tensors = [x for x in tree_leaves((args, kwargs)) if isinstance(x, torch.Tensor)]
        on_device = [x for x in tensors if isinstance(x, FakeTensor)]
        if not on_device and not _is_type(kwargs.get("device"), "cuda"):
            return function(*args, **kwargs)
        if (
            torch.is_inference_mode_enabled() and function.namespace == "aten"
        ):  # elsewhere, autograd has taken the operation apart
            with self:
                out = function.decompose(*args, **kwargs)
            if out is not NotImplemented:
                return out
        name = function.overloadpacket.__name__
        if name == "_to_copy" and not on_device:
            return self._upload(*args, **kwargs)
        if name == "_to_copy" and _is_type(kwargs.get("device"), "cpu"):
            return self._download(*args, **kwargs)
        if name == "copy_" and len(on_device) == 1:
            return self._copy(*args, **kwargs)
        for tensor in tensors:
            if not isinstance(tensor, FakeTensor) and tensor.dim():  # a scalar travels with the launch
                raise WrongPlaceError(f"{tuple(tensor.shape)} of the CPU in {name}{_place()}")
        if name in WAITING or _reads_a_mask(name, args) or _lacks_its_size(name, kwargs):
            self._wait(name)
            return self._with_values(function, args, kwargs, on_device)
        self.launches[name] += _number_of_launches(function, name, args)
        if function.namespace == "c10d":  # nothing comes from the other processes
            return args[0], _on_values(function, args, kwargs)[1]
        if name.startswith("_fused_"):  # optimizers, in place; not every torch can fake them
            return None
        with self._fake:
            out = function(*args, **kwargs)
        known = on_device and all(hasattr(x, "known") for x in on_device)
        values = _on_values(function, args, kwargs) if known else None
        for place, tensor in enumerate(tree_leaves(out)):
            if known and isinstance(tensor, FakeTensor):
                tensor.known = tree_leaves(values)[place]
            elif hasattr(tensor, "known"):  # overwritten
                del tensor.known
        return out

    def _wait(self, reason: str) -> None:
        if self._strict:
            raise HostSyncError(f"{reason}{_place()}")

    def _upload(self, tensor, dtype=None, device=None, non_blocking=False, memory_format=None, **_):
        if not (non_blocking and is_pinned(tensor)):
            memory = "pinned" if is_pinned(tensor) else "ordinary"
            how = "non-blocking" if non_blocking else "blocking"
            self._wait(f"{how} copy of {tuple(tensor.shape)} from {memory} memory")
        return self._on_device(tensor, dtype, memory_format)

    def _on_device(self, tensor, dtype=None, memory_format=None):
        self.launches["upload"] += 1
        with self._fake:
            like = torch.empty_strided(
                tensor.shape, tensor.stride(), dtype=dtype or tensor.dtype, device="cuda"
            )
            out = torch.empty_like(like, memory_format=memory_format or torch.preserve_format)
        if tensor.dtype in (torch.int64, torch.bool):
            out.known = tensor.to(out.dtype, copy=True)
        return out

    def _download(self, tensor, dtype=None, **_):
        self._wait("copy to the host")
        return _values(tensor).to(dtype or tensor.dtype, copy=True)

    def _copy(self, to, source, non_blocking=False):
        host = source if isinstance(to, FakeTensor) else to
        if not (non_blocking and is_pinned(host)):
            self._wait(f"copy_ with ordinary memory of the host, {tuple(host.shape)}")
        return to if isinstance(to, FakeTensor) else to.copy_(_values(source))

    def _with_values(self, function, args, kwargs, on_device):
        """Of an operation that waits, from values that are known or invented."""
        out = _on_values(function, args, kwargs)
        return tree_map(lambda x: self._on_device(x) if isinstance(x, torch.Tensor) else x, out)


def _is_type(device, kind: str) -> bool:
    return device is not None and torch.device(device).type == kind


def _values(x):
    """On the host, what is known of a tensor of the device; else numbers from 1 to 1.1, or integers 0."""
    if not isinstance(x, FakeTensor):
        return x
    if hasattr(x, "known"):
        return x.known
    if x.dtype.is_floating_point:
        return (1 + torch.rand(x.shape) / 10).to(x.dtype)
    return torch.zeros(x.shape, dtype=x.dtype)


def _on_values(function, args, kwargs):
    host = {"device": torch.device("cpu")} if kwargs.get("device") else {}
    return function(*tree_map(_values, args), **tree_map(_values, kwargs) | host)


def _reads_a_mask(name: str, args: tuple) -> bool:
    """Whether an index holds a mask; one that is filled with a single number needs no list of places."""
    if name not in ("index", "index_put", "index_put_", "_index_put_impl_", "_unsafe_index"):
        return False
    filled = len(args) > 2 and args[2].numel() == 1
    return not filled and any(i is not None and i.dtype in (torch.bool, torch.uint8) for i in args[1])


def _lacks_its_size(name: str, kwargs: dict) -> bool:
    return name == "repeat_interleave" and kwargs.get("output_size") is None


def _number_of_launches(function, name: str, args: tuple) -> int:
    if function.is_view or name in NO_LAUNCH:
        return 0
    lists = [x for x in args if isinstance(x, list | tuple) and x and isinstance(x[0], torch.Tensor)]
    if not name.startswith("_foreach_") or not lists:
        return 1
    one_kind = all(len({x.dtype for x in tensors}) == 1 for tensors in lists)
    alike = all(len({x.stride() for x in tensors}) == 1 for tensors in zip(*lists, strict=True))
    return 1 if one_kind and alike else len(lists[0])


def _place() -> str:
    """The nearest lines of ours; none in the backward pass."""
    frames = [(Path(frame.filename), frame.lineno) for frame in reversed(traceback.extract_stack())]
    ours = [(file.relative_to(ROOT), line) for file, line in frames if file.is_relative_to(ROOT)]
    ours = [f"{f.as_posix()}:{line}" for f, line in ours if not {"cuda", ".venv"} & {*f.parts}]
    return f" at {' < '.join(ours[:3])}" if ours else " in the backward pass"
