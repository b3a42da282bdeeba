"""The recorder: a process of its own that only listens, stamps and writes. Started by captures.recorder.

    stdin: a RecordPlan as one line of JSON, then commands, a line each: `stop`, `mark NAME`; its end means stop
    stderr: Health as JSON, a line each, twice a second and at the end
    the file (stdout for a path of "-"): pcapng

What is captured is written before anybody looks at it; a parent that dies ends the recording, not the file.
"""

import gc
import signal
import sys
import threading
import time
from collections import deque
from typing import TYPE_CHECKING

import msgspec

from captures import interface
from captures.clock import Clock
from captures.health import Health, RecordPlan, WireHealth
from captures.interface import IpCapture
from captures.recording import RECORDER, Recording, Wire
from captures.spec import IpSpec, SerialSpec, parse
from captures.spool import PipeClosed
from captures.tap_option import Wiring
from dissectors.errors import CaptureError, UsageError
from dissectors.record import Channel, Flag

if TYPE_CHECKING:
    from captures.serial.taps import Taps

PUMP_SECONDS = 0.005
HEALTH_SECONDS = 0.5
CLOCK_SECONDS = 1.0
IP_HOLD_NS = 300_000_000  # dumpcap hands packets over up to about this late
DISK_OCTETS = 2_000_000  # with less than this left a recording ends while it can still say so


class Process:
    """One recording, from plan to end."""

    def __init__(self, plan: RecordPlan) -> None:
        self.plan = plan
        self.clock = Clock()
        self.recording = Recording(plan.path, plan.ring, plan.application)
        self.said: list[str] = []
        self.ended = ""
        self.failed = False
        self.packets = 0
        specs = [parse(text) for text in plan.specs]
        serial = [spec for spec in specs if isinstance(spec, SerialSpec)]
        self.duration_s = plan.duration_s or max((spec.duration_s for spec in specs), default=0.0)
        self.taps = _taps(serial, self.recording, self.clock) if serial else None
        self.ips: list[IpCapture] = []
        try:
            for spec in specs:
                if isinstance(spec, IpSpec):
                    self.ips.append(IpCapture(spec))
            self.recording.begin()
        except (UsageError, CaptureError):
            for ip in self.ips:
                ip.close()
            raise
        self._wires: dict[Channel, Wire] = {}
        self._commands: deque[str] = deque()

    def run(self) -> None:
        threading.Thread(target=self._listen, daemon=True, name="commands").start()
        if self.taps is not None:
            self.taps.start()
        begun = time.monotonic()
        told = checked = begun
        self.tell()
        while not self.ended:
            asleep = time.monotonic_ns()
            time.sleep(PUMP_SECONDS)
            late = time.monotonic_ns() - asleep - int(PUMP_SECONDS * 1e9)
            self._pump(max(0, late))
            self.recording.settle(self._floor())
            now = time.monotonic()
            if now - checked >= CLOCK_SECONDS:
                checked = now
                self._check()
            self._limits(now - begun)
            while self._commands:
                self._obey(self._commands.popleft())
            if now - told >= HEALTH_SECONDS:
                told = now
                self.tell()

    def close(self) -> None:
        """What was under way is written, then the file is closed."""
        for ip in self.ips:
            ip.close()
        if self.taps is not None:
            self.taps.close()
        self._pump(0)
        self.recording.close()

    def tell(self) -> None:
        """Health, to the parent; that there is none any more is no reason to stop writing."""
        said, self.said = tuple(self.said), []
        spool = self.recording.spool
        began, spool.begun = tuple(spool.begun), []
        taps = self.taps
        if taps is not None:
            said += tuple(taps.said)
            taps.said.clear()
        reader = taps.reader if taps is not None else None
        health = Health(
            file=spool.path,
            began=began,
            records=self.recording.records,
            octets=spool.total_octets,
            packets=self.packets,
            dropped=sum(self.recording.dropped.values()),
            queue=(reader.waiting() if reader is not None else 0) + sum(ip.waiting() for ip in self.ips),
            disk_free=spool.free_octets(),
            late_us=reader.late.most_ns // 1000 if reader is not None else 0,
            urgent=reader is not None and reader.urgent,
            wires=tuple(
                WireHealth(tap.name, tap.octets, baud=line.baud, phase=line.phase, gone=tap.gone, **tap.errors)
                for line in (taps.lines if taps is not None else ())
                for tap in line.taps
            ),
            said=said,
            ended=self.ended,
            failed=self.failed,
            code=3 if self.failed else 0,
        )
        send(health)

    # -- one turn --------------------------------------------------------------------------------------

    def _pump(self, late_ns: int) -> None:
        if self.taps is not None:
            self.taps.pump(late_ns)
        for ip in self.ips:
            for channel, record in ip.take():
                self.packets += 1
                wire = self._wires.get(channel) or self._wire(channel, ip.spec)
                ns = record.first_ns if record.first_ns is not None else self.clock.now()
                octets = record.octets
                self.recording.packet(wire, ns, octets, len(octets), interface.word(record.flags), record.lost)

    def _wire(self, channel: Channel, spec: IpSpec) -> Wire:
        wiring = Wiring(profile=spec.profile, one_sided=False)
        wire = Wire(channel.name, channel.link_type, 0, channel.description, wiring)
        self._wires[channel] = wire
        return wire

    def _floor(self) -> int | None:
        """Up to when records are complete; None: there is nothing to wait for."""
        if self.taps is None:
            return None if len(self.ips) == 1 else self.clock.now() - IP_HOLD_NS
        floor: int = self.taps.floor_ns()
        return min(floor, self.clock.now() - IP_HOLD_NS) if self.ips else floor

    def _check(self) -> None:
        """Once a second: the clock, the disk, the children."""
        step = self.clock.step_ns()
        if step:
            words = f"clock step {step / 1e9:+.6f} s"
            self.recording.status(RECORDER, self.clock.now(), words)
            self.said.append(
                f"the system's clock was set by {step / 1e9:+.3f} s: the recording keeps its own time line"
            )
        free = self.recording.spool.free_octets()
        if free is not None and free < DISK_OCTETS:
            self._end(f"the disk is nearly full ({free} octets left)", True)
        for ip in self.ips:
            for channel, dropped in ip.drops().items():
                wire = self._wires.get(channel)
                if wire is not None and dropped > self.recording.dropped.get(wire, 0):
                    self.recording.dropped[wire] = dropped
            if ip.failed:
                self._end(ip.failed, True)
        if self.taps is not None and not self.taps.alive:
            gone = "; ".join(f"{tap.device}: {tap.gone}" for tap in self.taps.taps)
            self._end(gone, True)

    def _limits(self, seconds: float) -> None:
        plan = self.plan
        if self.duration_s and seconds >= self.duration_s:
            self._end(f"after {self.duration_s:g} s", False)
        if plan.octets and self.recording.spool.total_octets >= plan.octets:
            self._end(f"after {plan.octets} octets", False)
        if plan.count and self.recording.records >= plan.count:
            self._end(f"after {plan.count} records", False)

    def _end(self, why: str, failed: bool) -> None:
        if self.ended:
            return
        self.ended, self.failed = why, failed
        if failed:
            self.recording.status(RECORDER, self.clock.now(), f"loss: recording stopped: {why}", flag=Flag.LOSS)

    # -- commands ----------------------------------------------------------------------------------------

    def _listen(self) -> None:
        for line in sys.stdin:
            self._commands.append(line.strip())
        self._commands.append("stop")

    def _obey(self, command: str) -> None:
        word, _, rest = command.partition(" ")
        if word == "stop":
            self._end("stopped", False)
        elif word == "mark":
            self.recording.status(RECORDER, self.clock.now(), f"marker {rest}", uncertainty_ns=int(PUMP_SECONDS * 2e9))


def _taps(specs: list[SerialSpec], recording: Recording, clock: Clock) -> "Taps":
    try:
        from captures.serial.taps import Taps
    except ImportError:
        raise CaptureError(
            "serial: live taps want a POSIX system (Linux, macOS); "
            "on Windows record the adapter with USBPcap and open that"
        ) from None
    from captures.calibration import stored

    return Taps(specs, recording, clock, stored())


def send(health: Health) -> None:
    try:
        sys.stderr.buffer.write(msgspec.json.encode(health) + b"\n")
        sys.stderr.buffer.flush()
    except OSError:
        pass


def main() -> int:
    """Exit code: 0 done, 2 a spec that cannot be, 3 a device or the disk failed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.disable()
    try:
        plan = msgspec.json.decode(sys.stdin.readline(), type=RecordPlan)
        process = Process(plan)
    except (UsageError, CaptureError) as error:
        code = 2 if isinstance(error, UsageError) else 3
        send(Health(ended=str(error), failed=True, code=code))
        return code
    signal.signal(signal.SIGTERM, lambda *_: process._commands.append("stop"))
    try:
        try:
            process.run()
        finally:
            process.close()
    except PipeClosed as error:
        process.ended = str(error)
    except CaptureError as error:
        process.ended, process.failed = str(error), True
    process.tell()
    return 3 if process.failed else 0


if __name__ == "__main__":
    sys.exit(main())
