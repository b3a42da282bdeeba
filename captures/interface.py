"""Network interfaces, live: dumpcap as a child, else scapy's raw listen socket (libpcap filters either way).

dumpcap splits the privilege, counts drops and works on every system that Wireshark works on. Packets reach the
recorder as Records; the thread that reads them does nothing else.
"""

import shutil
import struct
import subprocess
import sys
import threading
import time
from collections import deque
from contextlib import suppress
from typing import Any

from captures.pcapng import PcapngSource
from captures.spec import IpSpec
from captures.stream import OctetStream, reason
from dissectors.errors import CaptureError, UsageError
from dissectors.record import Channel, Direction, Flag, Record

SOL_PACKET, PACKET_STATISTICS, PACKET_IGNORE_OUTGOING, SO_RCVBUFFORCE = 263, 6, 23, 33  # linux/if_packet.h, socket.h
BUFFER_OCTETS = 1 << 24
START_SECONDS = 10
SNAP_OCTETS = 262_144
RIGHTS = (
    "no right to capture packets: expected root, membership in the group of dumpcap (wireshark), or dumpcap with "
    "`sudo setcap cap_net_raw,cap_net_admin=eip $(command -v dumpcap)`"
)
DENIED = ("permission", "not permitted", "privilege", "are you root")


class IpCapture:
    """take() gives (channel, record) of what came since; drops(): channel → packets that the system dropped so far.

    Opening raises UsageError for a filter or interface that cannot be, CaptureError without the rights.
    """

    def __init__(self, spec: IpSpec) -> None:
        self.spec = spec
        self.failed = ""
        self._queue: deque[tuple[Channel, Record]] = deque()
        self._threads: list[threading.Thread] = []
        self._sockets: list[tuple[Channel, Any]] = []
        self._dropped: dict[Channel, int] = {}
        self._process: subprocess.Popen[bytes] | None = None
        self._source: PcapngSource | None = None
        self._closing = False
        dumpcap = shutil.which("dumpcap")
        if spec.by == "dumpcap" and dumpcap is None:
            raise CaptureError("by=dumpcap: dumpcap is not on the path (it comes with Wireshark)")
        if dumpcap is not None and spec.by != "scapy":
            self._dumpcap(dumpcap)
        else:
            self._raw()

    @property
    def alive(self) -> bool:
        return any(thread.is_alive() for thread in self._threads)

    def waiting(self) -> int:
        return len(self._queue)

    def take(self) -> list[tuple[Channel, Record]]:
        queue = self._queue
        return [queue.popleft() for _ in range(len(queue))]

    def drops(self) -> dict[Channel, int]:
        for channel, socket in self._sockets:
            try:
                found = socket.ins.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8)
            except OSError:
                continue
            self._dropped[channel] = self._dropped.get(channel, 0) + struct.unpack("II", found)[1]
        if self._source is not None:
            for number, dropped in self._source.dropped.items():
                self._dropped[self._source.channels[number]] = dropped
        return self._dropped

    def close(self) -> None:
        """Ends the capture; what was under way is still taken."""
        self._closing = True
        if self._process is not None:
            if sys.platform == "win32":
                self._process.terminate()
            else:
                import signal

                self._process.send_signal(signal.SIGINT)
            self._process.wait()
        for thread in self._threads:
            thread.join(START_SECONDS)
        self.drops()
        for _, socket in self._sockets:
            socket.close()

    # -- dumpcap ------------------------------------------------------------------------------------

    def _dumpcap(self, dumpcap: str) -> None:
        command = [dumpcap, "-q", "-n", "-s", str(SNAP_OCTETS), "-w", "-"]
        for name in self.spec.interfaces:
            command += ["-i", name]
            if self.spec.filter:
                command += ["-f", self.spec.filter]
            if not self.spec.promiscuous:
                command.append("-p")
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except OSError as error:
            raise CaptureError(f"{dumpcap}: cannot be started ({reason(error)})") from None
        self._process = process
        assert process.stdout is not None and process.stderr is not None
        said: list[str] = []
        for line in process.stderr:
            said.append(line.decode(errors="replace").strip())
            if said[-1].startswith("File:"):
                break
        else:
            process.wait()
            raise self._refused(said)
        threading.Thread(target=process.stderr.read, daemon=True).start()
        thread = threading.Thread(target=self._follow, args=(process.stdout.fileno(),), daemon=True, name="dumpcap")
        self._threads.append(thread)
        thread.start()

    def _follow(self, fd: int) -> None:
        import os

        try:
            source = self._source = PcapngSource(OctetStream("ip:" + ",".join(self.spec.interfaces), fd=os.dup(fd)))
            for record in source:
                self._queue.append((source.channels[record.channel], record))
        except CaptureError as error:
            self.failed = str(error)
        if not self._closing:
            self.failed = self.failed or "dumpcap ended by itself"

    def _refused(self, said: list[str]) -> Exception:
        text = " ".join(line for line in said if line and not line.startswith("Capturing on"))
        names = ",".join(self.spec.interfaces)
        if any(word in text.lower() for word in DENIED):
            return CaptureError(f"ip:{names}: {RIGHTS}")
        if "filter" in text.lower():
            return UsageError(f"ip:{names}: filter {self.spec.filter!r} is none of libpcap: {text}")
        known = ", ".join(interfaces()) or "none"
        return CaptureError(f"ip:{names}: cannot be captured from: {text} (interfaces: {known})")

    # -- scapy ---------------------------------------------------------------------------------------

    def _raw(self) -> None:
        if not sys.platform.startswith("linux"):
            raise CaptureError("ip: wants dumpcap on the path (it comes with Wireshark); without it Linux only")
        from scapy.arch.linux import L2ListenSocket
        from scapy.config import conf
        from scapy.error import Scapy_Exception

        for number, name in enumerate(self.spec.interfaces):
            try:
                socket = L2ListenSocket(
                    iface=name, filter=self.spec.filter or None, promisc=self.spec.promiscuous, type=3
                )
            except PermissionError:
                raise CaptureError(f"ip:{name}: {RIGHTS}") from None
            except (OSError, Scapy_Exception, ValueError) as error:
                if self.spec.filter and "filter" in str(error).lower():
                    raise UsageError(f"ip:{name}: filter {self.spec.filter!r} is none of libpcap: {error}") from None
                known = ", ".join(interfaces()) or "none"
                raise CaptureError(f"ip:{name}: cannot be captured from: {error} (interfaces: {known})") from None
            _widen(socket.ins, name == conf.loopback_name)
            channel = Channel(number, name, 1, 1, description="scapy")
            self._sockets.append((channel, socket))
            thread = threading.Thread(target=self._listen, args=(channel, socket), daemon=True, name=name)
            self._threads.append(thread)
            thread.start()

    def _listen(self, channel: Channel, socket: Any) -> None:
        import select

        number = 0
        while not self._closing:
            if not select.select([socket.ins], [], [], 0.1)[0]:
                continue
            try:
                _, octets, when = socket.recv_raw(SNAP_OCTETS)
            except OSError as error:
                self.failed = f"{channel.name}: {reason(error)}"
                return
            if octets is None:
                continue
            number += 1
            ns = round(when * 1_000_000_000) if when else time.time_ns()
            record = Record(number, channel.number, int(Direction.UNKNOWN), ns, ns, 1000, octets)
            self._queue.append((channel, record))


def _widen(raw: Any, loopback: bool) -> None:
    """Room for bursts; and each packet of the loopback interface once, as it arrives."""
    import socket

    for option in (SO_RCVBUFFORCE, socket.SO_RCVBUF):
        try:
            raw.setsockopt(socket.SOL_SOCKET, option, BUFFER_OCTETS)
            break
        except OSError:  # the first wants root
            continue
    if loopback:
        with suppress(OSError):
            raw.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)


def interfaces() -> list[str]:
    """The network interfaces of this machine, by name."""
    import socket

    try:
        return [name for _, name in socket.if_nameindex()]
    except (OSError, AttributeError):
        return []


def word(flags: int) -> int:
    """The direction bits of epb_flags of a network packet."""
    return 2 if flags & Flag.SENT else 1 if flags & Flag.RECEIVED else 0
