"""The terminal that the program needs: a screen to draw on, and a keyboard, also where stdin is a pipe of traffic."""

import os
import sys

from dissectors.errors import UsageError

BROWSER = "TEXTUAL_DRIVER"  # set by textual-serve: there is a page in a browser instead


def take(spec: str) -> int | None:
    """Makes sure of screen and keyboard; gives the descriptor of the pipe that stdin was, for a spec of "-".

    UsageError where there is no terminal."""
    if os.environ.get(BROWSER):
        return None
    if not sys.stdout.isatty():
        raise UsageError("open: stdout is not a terminal; expected one (dump, explain and report write to files)")
    if not sys.stderr.isatty():  # where Textual draws
        raise UsageError("open: stderr is not a terminal; expected one, which the screen is drawn on")
    if os.isatty(0):
        if spec == "-":
            raise UsageError("open -: stdin is the keyboard; expected a pipe, as in: … | cosemscope open -")
        return None
    pipe = os.dup(0) if spec == "-" else None
    try:
        keyboard = os.open("/dev/tty", os.O_RDWR)
    except OSError as error:
        raise UsageError(f"open: stdin is not a terminal, and /dev/tty cannot be opened ({error.strerror})") from None
    os.dup2(keyboard, 0)
    os.close(keyboard)
    return pipe


def is_gone() -> bool:
    """Whether the terminal was closed under the program."""
    try:
        os.get_terminal_size(2)
    except OSError:
        return True
    return False
