"""Keys pressed on the terminal, one by one, without Enter: for markers while recording."""

import os
import select
import sys
import termios
import threading
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def pressed(key: Callable[[str], None]) -> Iterator[bool]:
    """Calls key(character) from a thread while it lasts; False where stdin is no terminal of ours."""
    try:
        fd = sys.stdin.fileno()
        before = termios.tcgetattr(fd)
        if os.tcgetpgrp(fd) != os.getpgrp():
            raise OSError("in the background")
    except (OSError, ValueError, AttributeError, termios.error):
        yield False
        return
    ended = threading.Event()

    def listen() -> None:
        while not ended.is_set():
            if select.select([fd], [], [], 0.1)[0]:
                for character in os.read(fd, 64).decode(errors="ignore"):
                    key(character)

    tty.setcbreak(fd, termios.TCSANOW)
    thread = threading.Thread(target=listen, daemon=True, name="keys")
    thread.start()
    try:
        yield True
    finally:
        ended.set()
        thread.join()
        termios.tcsetattr(fd, termios.TCSADRAIN, before)
