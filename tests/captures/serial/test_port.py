"""A terminal opened as a tap: its modes, what the driver says, and what a person is told where it cannot be opened.

A pseudo terminal has no parity, latency timer, counters or modem inputs: drivers are stood in for by folders of the
form of /sys, and answers of ioctl.
"""

import errno
import fcntl
import os
import struct
import termios
from pathlib import Path

import pytest
from terminals import terminal

from captures.serial import port as module
from captures.serial.port import Port, driver_of, latency_ms, list_ports, refusal
from dissectors.errors import CaptureError
from dissectors.record import Flag


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An adapter `ftdi_sio` under the name of the terminal."""
    monkeypatch.setattr(module, "USB_SERIAL", tmp_path / "usb")
    monkeypatch.setattr(module, "TTY_CLASS", tmp_path / "tty")
    return tmp_path


def adapter(system: Path, name: str, driver: str, *settings: str) -> Path:
    name = os.path.basename(os.path.realpath(name))
    (system / "drivers" / driver).mkdir(parents=True)
    folder = system / "usb" / name
    folder.mkdir(parents=True)
    (folder / "driver").symlink_to(system / "drivers" / driver)
    for setting in settings:
        (folder / setting).write_text("16")
    return folder


def test_modes() -> None:
    with terminal() as (_, name):
        port = Port(name, 9600)
        mode = termios.tcgetattr(port.fd)
        assert mode[0] & termios.PARMRK and mode[0] & termios.INPCK
        assert not mode[0] & (termios.ISTRIP | termios.IGNPAR | termios.ICRNL | termios.IXON | termios.BRKINT)
        assert not mode[3] & (termios.ICANON | termios.ECHO | termios.ISIG)
        assert mode[4] == termios.B9600
        port.set_baud(300)
        mode = termios.tcgetattr(port.fd)
        assert mode[4] == termios.B300
        assert mode[0] & termios.PARMRK  # pyserial clears it
        assert (port.baud, port.character_ns) == (300, 33_333_333)
        port.set_baud(300)
        port.close()


def test_a_pseudo_terminal_has_nothing_to_set() -> None:
    with terminal() as (_, name):
        port = Port(name, 9600)
        assert (port.hints, port.delivery_ns, port.counts(), port.inputs(), port.wait_inputs()) == (
            [],
            0,
            {},
            None,
            None,
        )
        assert port.error is Flag.FRAMING_ERROR
        port.close()


def test_an_ftdi_adapter_is_hurried(system: Path) -> None:
    with terminal() as (_, name):
        folder = adapter(system, name, "ftdi_sio", "latency_timer", "event_char")
        assert (driver_of(name), latency_ms(name)) == ("ftdi_sio", 16)
        port = Port(name, 9600)
        assert (folder / "latency_timer").read_text() == "1"
        assert (folder / "event_char").read_text() == "0x17e"
        assert port.delivery_ns == 2_000_000
        assert port.hints == []
        port.close()


def test_what_could_not_be_set_is_a_hint(system: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path, text: str) -> int:
        raise PermissionError(errno.EACCES, "Permission denied")

    with terminal() as (_, name):
        folder = adapter(system, name, "ftdi_sio", "latency_timer", "event_char")
        monkeypatch.setattr(Path, "write_text", refuse)
        port = Port(name, 9600)
        assert [hint for hint in port.hints if "sudo tee" in hint] == [
            f"better time stamps: echo 1 | sudo tee {folder / 'latency_timer'}",
            f"better time stamps: echo 0x17e | sudo tee {folder / 'event_char'}",
        ]
        assert port.delivery_ns == 17_000_000
        port.close()


def test_an_adapter_without_settings_is_said_to_be_late(system: Path) -> None:
    with terminal() as (_, name):
        adapter(system, name, "cp210x")
        port = Port(name, 9600)
        assert port.delivery_ns == 16_000_000
        assert any("cp210x has no latency setting" in hint for hint in port.hints)
        port.close()


def test_a_uart_holds_back_what_its_fifo_takes(system: Path) -> None:
    with terminal() as (_, name):
        device = system / "tty" / os.path.basename(name) / "device"
        device.mkdir(parents=True)
        (system / "serial8250").mkdir()
        (device / "driver").symlink_to(system / "serial8250")
        port = Port(name, 9600)
        assert port.delivery_ns == 14 * 1_041_666
        port.close()


def test_counts_and_inputs_as_a_driver_gives_them(monkeypatch: pytest.MonkeyPatch) -> None:
    with terminal() as (_, name):
        port = Port(name, 9600)

        def ioctl(fd: int, request: int, buffer: object = 0, mutate: bool = False) -> object:
            if request == module.TIOCGICOUNT:
                for index, value in enumerate(range(1, 12)):
                    buffer[index] = value  # type: ignore[index]
                return 0
            if request == termios.TIOCMGET:
                return struct.pack("I", 0x020 | 0x100)
            return 0

        monkeypatch.setattr(fcntl, "ioctl", ioctl)
        assert port.counts()["overrun"] == 8 and port.counts()["buffer_overrun"] == 11
        assert port.inputs() == 1 | 4
        assert port.wait_inputs() == 1 | 4
        monkeypatch.undo()
        port.close()


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOENT, "no such port (ports of this machine:"),
        (errno.EACCES, "expected membership in dialout"),
        (errno.EBUSY, "is in use by another program"),
        (errno.EIO, "cannot be opened as a serial port"),
    ],
)
def test_refusals(number: int, words: str) -> None:
    assert words in refusal("/dev/ttyUSB9", OSError(number, os.strerror(number)))


def test_ports_that_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match="no such port"):
        Port("/dev/does-not-exist", 9600)
    path = tmp_path / "file"
    path.write_bytes(b"")
    with pytest.raises(CaptureError, match="cannot be opened as a serial port"):
        Port(str(path), 9600)
    with terminal() as (_, name):
        first = Port(name, 9600)
        with pytest.raises(CaptureError, match="in use by another program"):
            Port(name, 9600)
        first.close()


def test_the_list_names_every_port_once() -> None:
    found = list_ports()
    assert [port.device for port in found] == sorted({port.device for port in found})
