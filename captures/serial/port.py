"""Serial ports: which there are, and one opened as a tap: it never sends, marks errors, and hurries its driver.

pyserial lists and opens; what it clears (PARMRK, INPCK) is set again by termios, and reading is done on the
descriptor (reader.py).
"""

import array
import errno
import fcntl
import os
import struct
import sys
import termios
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

from captures.spec import FORMATS
from dissectors.errors import CaptureError
from dissectors.record import Flag, Value

USB_SERIAL = Path("/sys/bus/usb-serial/devices")
TTY_CLASS = Path("/sys/class/tty")
EVENT_CHARACTER = "0x17e"  # ftdi_sio: deliver at once at a flag 7E, switched on by bit 8
UNKNOWN_USB_NS = 16_000_000  # how long an adapter without a setting may hold octets back: FTDI's default, others less
FTDI_POLL_NS = 1_000_000  # USB frame that its packets wait for
UART_FIFO_OCTETS = 14  # the highest receive trigger of a 16550
TIOCGICOUNT, TIOCMIWAIT = 0x545D, 0x545C  # Linux, asm-generic/ioctls.h
ICOUNTS = ("cts", "dsr", "ri", "dcd", "rx", "tx", "frame", "overrun", "parity", "break", "buffer_overrun")
INPUTS = {"cts": 0x020, "dcd": 0x040, "ri": 0x080, "dsr": 0x100}  # TIOCM_…
RTAC_LINES = {"cts": 1, "dcd": 2, "dsr": 4, "ri": 32}


class PortInfo(Value, frozen=True):
    """A port as the system lists it. latency_ms: how long the driver may hold octets back, None: no such setting."""

    device: str
    description: str = ""
    driver: str = ""
    latency_ms: int | None = None
    serial_number: str = ""


def list_ports() -> list[PortInfo]:
    """Every serial port of the machine, in order of device name."""
    from serial.tools import list_ports as listed

    out = []
    for found in cast(Any, listed).comports():
        words = found.description if found.description not in (None, "n/a") else ""
        driver = driver_of(found.device)
        if not driver and not found.hwid:
            continue
        out.append(PortInfo(found.device, words or "", driver, latency_ms(found.device), found.serial_number or ""))
    return sorted(out, key=lambda port: port.device)


def driver_of(device: str) -> str:
    """Name of the kernel driver, "" where the system does not say."""
    name = os.path.basename(os.path.realpath(device))
    for link in (TTY_CLASS / name / "device" / "driver", USB_SERIAL / name / "driver"):
        if link.exists():
            return link.resolve().name
    return ""


def latency_ms(device: str) -> int | None:
    """The latency timer of an adapter that has one (FTDI), in ms."""
    try:
        return int((USB_SERIAL / os.path.basename(os.path.realpath(device)) / "latency_timer").read_text())
    except (OSError, ValueError):
        return None


class Port:
    """One open receiver. CaptureError where it cannot be opened, with what to do.

    hints: one line each about what would make its time stamps better. delivery_ns: how long octets may be held back
    between the wire and the terminal, at character_ns a character.
    """

    def __init__(self, device: str, baud: int, format: str = "8N1") -> None:
        import serial as library

        serial: Any = library
        self.device = device
        self.format = format
        self.hints: list[str] = []
        parity = {"8E1": serial.PARITY_EVEN, "8O1": serial.PARITY_ODD}.get(format, serial.PARITY_NONE)
        try:
            self._serial = serial.Serial(device, baud, parity=parity, timeout=0, exclusive=True)
        except (serial.SerialException, OSError, ValueError) as error:
            raise CaptureError(refusal(device, error)) from None
        self.baud = baud
        self.fd: int = self._serial.fileno()
        self.driver = driver_of(device)
        self.error = Flag.PARITY_ERROR if parity != serial.PARITY_NONE else Flag.FRAMING_ERROR
        self._mark()
        self._hurry()
        termios.tcflush(self.fd, termios.TCIFLUSH)

    @property
    def character_ns(self) -> int:
        """How long a character lasts on the line."""
        return FORMATS[self.format] * 1_000_000_000 // self.baud

    @property
    def delivery_ns(self) -> int:
        """See the class."""
        if self.driver in ("", "pts"):
            return 0
        latency = latency_ms(self.device)
        if latency is not None:
            return latency * 1_000_000 + FTDI_POLL_NS
        if (USB_SERIAL / os.path.basename(os.path.realpath(self.device))).exists() or self.driver == "cdc_acm":
            return UNKNOWN_USB_NS
        return UART_FIFO_OCTETS * self.character_ns

    def set_baud(self, baud: int) -> None:
        """From now on the line has this rate. CaptureError where the driver refuses it."""
        if baud == self.baud:
            return
        import serial as library

        serial: Any = library
        try:
            self._serial.baudrate = baud
        except (serial.SerialException, OSError, ValueError) as error:
            raise CaptureError(f"{self.device}: {baud} Bd is refused ({error})") from None
        self.baud = baud
        self._mark()

    def counts(self) -> dict[str, int]:
        """What the driver counted since it was loaded: frame, overrun, parity, break …; empty where it does not."""
        buffer = array.array("i", bytes(80))
        try:
            fcntl.ioctl(self.fd, TIOCGICOUNT, buffer, True)
        except OSError:
            return {}
        return dict(zip(ICOUNTS, buffer))

    def inputs(self) -> int | None:
        """The modem inputs that are set, as RTAC_SERIAL has them; None where the port has none."""
        try:
            (word,) = struct.unpack("I", fcntl.ioctl(self.fd, termios.TIOCMGET, bytes(4)))
        except OSError:
            return None
        return sum(RTAC_LINES[name] for name, bit in INPUTS.items() if word & bit)

    def wait_inputs(self) -> int | None:
        """Waits until a modem input changes; as inputs(). None where the driver cannot tell."""
        try:
            fcntl.ioctl(self.fd, TIOCMIWAIT, sum(INPUTS.values()))
        except OSError:
            return None
        return self.inputs()

    def close(self) -> None:
        self._serial.close()

    def _mark(self) -> None:
        """Errors are marked octet by octet, nothing is stripped, translated or turned into a signal."""
        mode: list[Any] = termios.tcgetattr(self.fd)
        off = termios.IGNPAR | termios.ISTRIP | termios.IGNBRK | termios.BRKINT | termios.INLCR | termios.IGNCR
        off |= termios.ICRNL | termios.IXON | termios.IXOFF | termios.IXANY
        mode[0] = mode[0] & ~off | termios.PARMRK | termios.INPCK
        mode[3] &= ~(termios.ECHO | termios.ICANON | termios.ISIG | termios.IEXTEN)
        mode[6][termios.VMIN], mode[6][termios.VTIME] = 0, 0
        termios.tcsetattr(self.fd, termios.TCSANOW, mode)

    def _hurry(self) -> None:
        """Low latency and event character, where the driver has them; else a hint."""
        if self.driver in ("", "pts"):
            return
        with suppress(OSError, ValueError, NotImplementedError, AttributeError):
            self._serial.set_low_latency_mode(True)
        folder = USB_SERIAL / os.path.basename(os.path.realpath(self.device))
        for name, value in (("latency_timer", "1"), ("event_char", EVENT_CHARACTER)):
            path = folder / name
            if not path.exists():
                continue
            try:
                path.write_text(value)
            except OSError:
                if name == "event_char" or latency_ms(self.device) != 1:
                    self.hints.append(f"better time stamps: echo {value} | sudo tee {path}")
        if folder.exists() and not (folder / "latency_timer").exists():
            self.hints.append(
                f"{self.device}: {self.driver} has no latency setting: stamps may be late by "
                f"{UNKNOWN_USB_NS // 1_000_000} ms (an FTDI adapter has one; calibrate measures it)"
            )


def refusal(device: str, error: Exception) -> str:
    """Why a device cannot be opened, and what to do."""
    number = getattr(error, "errno", None)
    if number == errno.ENOENT:
        known = ", ".join(port.device for port in list_ports()) or "none"
        return f"{device}: no such port (ports of this machine: {known})"
    if number == errno.EACCES:
        group = "dialout" if sys.platform.startswith("linux") else "the port's group"
        remedy = f"sudo usermod -aG {group} $USER, then log in again"
        return f"{device}: no right to open it: expected membership in {group} ({remedy})"
    if number in (errno.EBUSY, errno.EAGAIN) or "lock" in str(error).lower():
        return f"{device}: is in use by another program"
    text = getattr(error, "strerror", None) or str(error)
    return f"{device}: cannot be opened as a serial port ({text})"
