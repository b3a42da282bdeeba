"""24 hours of a busy line through the ring, time compressed: memory stays flat, nothing is lost that the ring keeps.

The reader thread is left out (its readings are made); what is behind it is the recorder's own: Line, Recording, Spool.
"""

import tracemalloc
from pathlib import Path

from terminals import read
from traffic import framed

from captures.recording import Recording, Wire
from captures.serial.octet_times import Reading
from captures.serial.runs import Line
from captures.spool import Ring
from captures.tap_option import Wiring
from dissectors.record import Direction

DAY_NS = 24 * 3600 * 1_000_000_000
EVERY_NS = 5_000_000_000  # an exchange each five seconds
CHARACTER = 1_041_666
T = 1_764_000_000_000_000_000


def test_a_day_through_the_ring(tmp_path: Path) -> None:
    recording = Recording(str(tmp_path / "day.pcapng"), Ring(octets=2_000_000, seconds=3600, files=4))
    wires = [Wire(name, baud=9600, wiring=Wiring(line="a+b")) for name in "ab"]
    ways = (int(Direction.TO_SERVER), int(Direction.TO_CLIENT))
    line = Line((0, 1), CHARACTER, 2_000_000)
    units = framed()[4:6]  # a request and its answer
    recording.begin()
    sent, now, peaks = 0, 0, []
    tracemalloc.start()
    for turn in range(DAY_NS // EVERY_NS):
        now = turn * EVERY_NS
        runs = []
        for unit in units:
            for at in range(0, len(unit.octets), 8):
                octets = unit.octets[at : at + 8]
                now += len(octets) * CHARACTER
                runs += line.feed(Reading(int(not unit.up), now - 400_000, now, octets), octets)
                sent += len(octets)
            now += 30_000_000
        runs += line.tick(now + 200_000_000)
        for run in runs:
            first, last = T + run.first_ns, T + run.last_ns
            recording.run(wires[run.wire], first, last, run.uncertainty_ns, run.octets, ways[run.wire], run.flags)
        recording.settle(T + line.floor_ns(now + 200_000_000))
        if turn % 1600 == 1599:
            peaks.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    recording.close()
    assert len(peaks) > 8
    assert max(peaks[2:]) - min(peaks[2:]) < 100_000  # flat, once it has begun
    files = sorted(tmp_path.iterdir())
    assert len(files) == 4
    kept = [r for file in files for r in read(file)[0]]
    assert kept[-1].last_ns is not None and kept[-1].last_ns > T + DAY_NS - 2 * EVERY_NS
    octets = b"".join(r.octets for r in kept)
    whole = units[0].octets + units[1].octets
    assert octets == (whole * (len(octets) // len(whole) + 2))[-len(octets) :]  # not one lost between the files
    assert sent == len(whole) * (DAY_NS // EVERY_NS)
    times = [r.first_ns for r in kept]
    assert times == sorted(times)  # type: ignore[type-var]
