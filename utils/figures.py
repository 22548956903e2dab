"""matplotlib's Figure, for pictures that only go to files. Nothing else here may import matplotlib."""

import os
import sys
from contextlib import suppress

# A notebook passes its matplotlib backend on to the commands that it starts. If their Python lacks it,
# matplotlib cannot be imported; here, no backend is needed.
_backend = None if "matplotlib" in sys.modules else os.environ.pop("MPLBACKEND", None)

import matplotlib  # noqa: E402
from matplotlib.figure import Figure  # noqa: E402

if _backend is not None:
    os.environ["MPLBACKEND"] = _backend
    with suppress(ValueError):
        matplotlib.rcParams["backend"] = _backend  # this may be a notebook

__all__ = ["Figure"]
