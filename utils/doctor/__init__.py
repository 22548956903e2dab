"""What a report of a bug needs to say about a machine and this program's installation.

It works where packages are missing or broken: nothing here imports more than Python's standard library before
it has looked whether it can be.
"""

from .report import Problem, Report, examine

__all__ = ["Problem", "Report", "examine"]
