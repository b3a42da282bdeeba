"""A pseudo terminal that stands for one wire: we write its master side, a program opens the other by its name.

Raw from the start: no octet is echoed, translated or waited for. The other side can only be one that this
process made, so nothing written here reaches a port.
"""

import array
import fcntl
import os
import select
import termios
import tty

from dissectors.errors import CaptureError


class Pty:
    """fd: what to write to. name: what a program opens.

    blocking: a write waits until somebody reads; else what finds no room is lost, as on a line."""

    def __init__(self, blocking: bool = False) -> None:
        try:
            self.fd, other = os.openpty()
        except OSError as error:
            raise CaptureError(f"no pseudo terminal can be had ({error.strerror})") from None
        self.name = os.ttyname(other)
        tty.setraw(other, termios.TCSANOW)
        os.close(other)  # from here on the master tells by a hang-up that nobody has it open
        os.set_blocking(self.fd, blocking)
        self._poll = select.poll()
        self._poll.register(self.fd, 0)

    def opened(self) -> bool:
        """Whether a program has the other side open now."""
        return not any(event & select.POLLHUP for _, event in self._poll.poll(0))

    def unread(self) -> int:
        """Octets written that no program has read yet. They are lost when this is closed."""
        other = os.open(self.name, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        try:
            waiting = array.array("i", [0])
            fcntl.ioctl(other, termios.FIONREAD, waiting)
            return waiting[0]
        finally:
            os.close(other)

    def close(self) -> None:
        os.close(self.fd)
