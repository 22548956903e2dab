"""Writers: what is measured goes to files of the run and to viewers, in the first process.

A ``FileWriter`` writes a file anew after each evaluation, from the history:

    class MyTable(FileWriter):
        def write(self) -> None: ...

A ``Viewer`` gives what is measured, and pictures, to a program that shows trainings; LOG.WRITERS names it:

    class MyViewer(Viewer):
        package = "mine"                                     # to be installed
        def open(self, name: str) -> str: ...                # begins, or continues the run of a name
        def add_scalars(self, measured: Measured) -> None: ...
        def add_picture(self, picture: Picture) -> None: ...
        def close(self) -> None: ...

``engine.events`` says what is measured, ``build`` holds the registries.
"""

from .build import WRITERS, Writers, check_writers

__all__ = ["WRITERS", "Writers", "check_writers"]
