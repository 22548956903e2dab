"""Writers: what is measured goes to a file or a service, in the first process.

A writer listens to the trainer's events ``LOGGED`` and ``EVALUATED``, whose ``state.metrics`` hold what was
measured (see ``engine.events``), or reads the history that has just been brought up to date:

    class MyWriter:
        def __init__(self, folder: RunFolder, history: History): ...
        def attach(self, trainer: Engine) -> None:
            trainer.add_event_handler(TrainingEvents.LOGGED, self.write)
"""

from .curves import CurvesPicture
from .results import ResultsTable

# In the order in which they write.
WRITERS = (ResultsTable, CurvesPicture)

__all__ = ["WRITERS"]
