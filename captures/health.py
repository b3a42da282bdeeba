"""What a recorder tells of itself while it runs, and what it is told to do: the values between it and its parent."""

import msgspec

from captures.spool import Ring
from dissectors.record import Value


class RecordPlan(Value, frozen=True):
    """What to record. Limits: 0 is none; octets are of the file as written."""

    specs: tuple[str, ...]
    path: str
    ring: Ring | None = None
    duration_s: float = 0.0
    octets: int = 0
    count: int = 0
    application: str = "cosemscope"


class WireHealth(msgspec.Struct, frozen=True):
    """One receiver. octets heard; errors by octet; baud at the moment; gone: why it cannot be read any more."""

    name: str
    octets: int = 0
    framing: int = 0
    parity: int = 0
    breaks: int = 0
    overruns: int = 0
    baud: int = 0
    phase: str = ""
    gone: str = ""


class Health(msgspec.Struct, frozen=True):
    """records and octets written so far, to `file`; began: files begun since the last Health. dropped: packets that
    the system dropped. queue: readings and packets not yet written. disk_free: octets, None for a pipe. late_us: the
    latest wake-up of the last few hundred. urgent: real time priority was granted. ended: why the recording is over,
    "" while it runs; failed: it ended since something failed."""

    file: str = ""
    began: tuple[str, ...] = ()
    records: int = 0
    octets: int = 0
    packets: int = 0
    dropped: int = 0
    queue: int = 0
    disk_free: int | None = None
    late_us: int = 0
    urgent: bool = False
    wires: tuple[WireHealth, ...] = ()
    said: tuple[str, ...] = ()
    ended: str = ""
    failed: bool = False
    code: int = 0

    def line(self) -> str:
        """The state in one line for a person."""
        parts = [f"{self.records} records", f"{size(self.octets)} written"]
        for wire in self.wires:
            errors = [
                f"{count} {name}"
                for name, count in (
                    ("framing", wire.framing), ("parity", wire.parity), ("breaks", wire.breaks),
                    ("overruns", wire.overruns),
                )
                if count
            ]  # fmt: skip
            state = "gone" if wire.gone else f"{wire.baud} Bd"
            parts.append(", ".join([f"{wire.name} {state} {wire.octets} octets", *errors]))
        if self.packets or self.dropped:
            parts.append(f"{self.packets} packets, {self.dropped} dropped")
        if self.queue > 100:
            parts.append(f"{self.queue} waiting")
        if self.disk_free is not None:
            parts.append(f"{size(self.disk_free)} free")
        return "; ".join(parts)


def size(octets: int) -> str:
    """3.4 MB"""
    amount, units = float(octets), ("octets", "kB", "MB", "GB", "TB")
    at = 0
    while amount >= 1000 and at < len(units) - 1:
        amount /= 1000
        at += 1
    return f"{amount:.0f} {units[at]}" if at == 0 or amount >= 100 else f"{amount:.1f} {units[at]}"
