"""Large blocks are given back to the system at once."""

import subprocess
import sys

import pytest

SHRINKS = """
import sys
from tui.heap import large_blocks_apart
if sys.argv[1] == "apart":
    large_blocks_apart()
def resident(): return int(open("/proc/self/statm").read().split()[1]) * 4
blocks = [bytearray(120_000) for _ in range(800)]
for n, block in enumerate(blocks): block[:] = b"x" * len(block)
held = resident()
kept = blocks[1::2]
del blocks, block
print(held - resident())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the heap of glibc")
def test_large_blocks_leave_no_holes() -> None:
    freed = {}
    for how in ("apart", "as it is"):
        done = subprocess.run([sys.executable, "-c", SHRINKS, how], capture_output=True, text=True, check=True)
        freed[how] = int(done.stdout)
    assert freed["apart"] > 40_000 > 20_000 > freed["as it is"], freed  # kB of the 48 000 that every other block held
