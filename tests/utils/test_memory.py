import subprocess
import sys

import pytest

REPEAT = """
import resource
import torch
from utils.memory import keep_freed_memory

if {keep}:
    keep_freed_memory()
blocks = lambda: [torch.ones(10 << 20) for _ in range(3)]  # 40 MB each
for _ in range(10):
    blocks()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(5):
    blocks()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="mallopt is glibc's")
def test_what_is_freed_is_used_again():
    """The system hands out no new pages for memory that was allocated and freed before."""
    faults = {
        keep: int(subprocess.check_output([sys.executable, "-c", REPEAT.format(keep=keep)], text=True))
        for keep in (False, True)
    }
    assert faults[True] < 1000 < faults[False], "5 x 120 MB are 150,000 pages of 4 kB"
