"""What a family of USB serial adapters is to us: how it is told, what its requests set, what its transfers hold.

One file a family (usb_ftdi.py, usb_cdc_acm.py, usb_cp210x.py, usb_ch34x.py, usb_pl2303.py), each with one ADAPTER.
"""

from collections.abc import Callable

from captures.usb_descriptor import Device
from captures.usb_urb import Setup
from dissectors.record import Value

MS = 1_000_000
# what UARTs are set to; a divisor gives a rate near one of these
RATES = (
    *(50, 75, 110, 134, 150, 200, 300, 600, 1200, 1800, 2400, 4800, 7200, 9600, 14400, 19200, 28800, 38400, 57600),
    *(76800, 115200, 128000, 153600, 230400, 250000, 256000, 460800, 500000, 576000, 921600, 1000000, 1500000),
)
NEAR_PERCENT = 2
PARITIES = "NOEMS"


class Settings(Value, frozen=True):
    """What one request sets on a port; None where it says nothing. latency_ns: how late its octets may come."""

    baud: int | None = None
    format: str | None = None  # "8N1"
    latency_ns: int | None = None
    said: str | None = None  # in words, what is no setting: a break


class Heard(Value, frozen=True):
    """Octets of the line in one IN transfer; flags of Record; modem: lines that are set, None where it does not say.

    packets: how many packets of the endpoint the transfer was, each of which may have waited.
    """

    octets: bytes
    flags: int = 0
    modem: int | None = None
    packets: int = 1


def plain(octets: bytes, packet_octets: int) -> Heard:
    """A transfer that holds nothing but octets of the line."""
    return Heard(octets)


def by_descriptor(endpoint: int) -> int:
    """The port of an endpoint where no descriptor was captured: one port."""
    return 0


class Adapter(Value, frozen=True):
    """A family. vendors: USB vendor ids whose devices of a vendor's own class are of it.

    request: a request that no other family makes. settings: port (interface) and what a request sets there.
    latency_ns: how late octets come where no request tells; None: not documented.
    """

    name: str
    vendors: frozenset[int]
    request: Callable[[Setup], bool]
    settings: Callable[[Setup, bytes, Device], tuple[int, Settings] | None]
    heard: Callable[[bytes, int], Heard] = plain
    port: Callable[[int], int] = by_descriptor
    latency_ns: int | None = None


def standard_rate(baud: float) -> int:
    """The usual rate that a computed one is near, else itself."""
    near = min(RATES, key=lambda rate: abs(rate - baud))
    return near if abs(near - baud) * 100 <= near * NEAR_PERCENT else round(baud)


def character(data_bits: int, parity: int, stop: int) -> str | None:
    """ "8N1" of its parts; stop: 0 one, 1 one and a half (taken as two), 2 two; None for what cannot be."""
    if not 5 <= data_bits <= 8 or parity >= len(PARITIES) or stop > 2:
        return None
    return f"{data_bits}{PARITIES[parity]}{2 if stop else 1}"
