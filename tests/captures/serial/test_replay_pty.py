"""Pseudo terminals: raw, by name, and aware of whether somebody listens."""

import os
import termios

import pytest

from captures.serial.replay_pty import Pty
from dissectors.errors import CaptureError


def test_octets_pass_as_they_are() -> None:
    pty = Pty()
    other = os.open(pty.name, os.O_RDWR | os.O_NOCTTY)
    every = bytes(range(256))  # control characters, CR and LF, XON and XOFF, DEL
    try:
        assert not termios.tcgetattr(other)[3] & (termios.ICANON | termios.ECHO | termios.ISIG)
        assert pty.unread() == 0
        assert os.write(pty.fd, every) == 256
        got = b""
        while len(got) < 256:
            got += os.read(other, 300)
        assert got == every
        with pytest.raises(BlockingIOError):  # nothing was echoed
            os.read(pty.fd, 1)
    finally:
        os.close(other)
        pty.close()


def test_it_knows_whether_a_program_has_it_open() -> None:
    pty = Pty()
    try:
        assert not pty.opened()
        other = os.open(pty.name, os.O_RDWR | os.O_NOCTTY)
        assert pty.opened()
        os.write(pty.fd, b"12345")
        while not pty.unread():
            pass  # a kernel thread hands the octets over
        assert pty.unread() == 5
        os.close(other)
        assert not pty.opened()
    finally:
        pty.close()


def test_a_full_line_loses_or_waits() -> None:
    pty = Pty()
    try:
        with pytest.raises(BlockingIOError):
            while True:
                os.write(pty.fd, bytes(4096))
    finally:
        pty.close()
    waiting = Pty(blocking=True)
    assert os.get_blocking(waiting.fd)
    waiting.close()


def test_no_pseudo_terminal_is_an_error_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused() -> tuple[int, int]:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "openpty", refused)
    with pytest.raises(CaptureError, match="no pseudo terminal can be had"):
        Pty()
