"""What the program asks of the C library's heap."""

import ctypes
from contextlib import suppress

M_MMAP_THRESHOLD = -3  # malloc.h of glibc
APART = 65536  # octets


def large_blocks_apart() -> None:
    """Large blocks are mapped, each for itself: the columns of a capture grow without leaving holes in the heap, which
    were a sixth of all memory. Only glibc has this; elsewhere nothing happens."""
    with suppress(OSError, AttributeError, TypeError):  # no such function; no name for the program's own (Windows)
        ctypes.CDLL(None).mallopt(M_MMAP_THRESHOLD, APART)
