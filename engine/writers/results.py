"""results.csv: the evaluations of a run."""

import csv

from utils.files import atomic_write
from utils.run_folder import COLUMNS

from .file_writer import FileWriter


class ResultsTable(FileWriter):
    """Keeps ``results.csv`` up to date: one row per evaluation, all but the epoch in percent."""

    def write(self) -> None:
        """Write the table anew."""
        with atomic_write(self.folder.results, newline="") as stream:
            csv.writer(stream).writerows([COLUMNS, *self.history.results])
