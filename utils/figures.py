"""matplotlib's Figure, for pictures that only go to files. Nothing else here may import matplotlib."""

import os

try:
    from matplotlib.figure import Figure
except ValueError:
    # MPLBACKEND names a way to show figures that is not installed here: notebooks hand theirs on to the
    # commands that they start. None is needed.
    os.environ.pop("MPLBACKEND", None)
    from matplotlib.figure import Figure

__all__ = ["Figure"]
