"""A live source is a recorder's file read as it grows: what comes out live is what the file holds."""

import os
from pathlib import Path

import pytest
from terminals import read, send, terminal
from traffic import framed

from captures.health import RecordPlan
from captures.live import LiveSource, spool_path
from captures.source import is_live, open_source, together
from captures.spool import Ring
from dissectors.errors import CaptureError, UsageError


def test_live_equals_the_file_even_through_a_ring(tmp_path: Path) -> None:
    units = framed()
    with terminal() as (up, up_name), terminal() as (down, down_name):
        specs = (f"serial:{up_name},{down_name}?baud=115200",)
        source = LiveSource(specs, plan=RecordPlan(specs, str(tmp_path / "a.pcapng"), Ring(octets=1200)))
        found = []
        send(units, up, down, 115_200)
        for record in source:
            found.append(record)
            if sum(len(r.octets) for r in found) == sum(len(u.octets) for u in units):
                source.stop()
        source.close()
    files = sorted(tmp_path.glob("*.pcapng"))
    assert len(files) > 2
    again = [r for file in files for r in read(file)[0]]
    assert [(r.first_ns, r.last_ns, r.uncertainty_ns, r.octets, r.comment) for r in found] == [
        (r.first_ns, r.last_ns, r.uncertainty_ns, r.octets, r.comment) for r in again
    ]
    assert [r.no for r in found] == list(range(1, len(found) + 1))
    assert len(source.channels) > len(read(files[0])[1])  # described anew in each file, numbered on


def test_a_device_that_goes_is_an_error_behind_the_last_record(tmp_path: Path) -> None:
    with terminal() as (fd, name):
        source = open_source(f"serial:{name}?write={tmp_path / 'a.pcapng'}")
        os.write(fd, b"heard")
        found = b""
        with pytest.raises(CaptureError, match=r"gone|closed|error"):
            for record in source:
                found += record.octets
                if record.octets:
                    os.close(fd)
        source.close()
    assert found == b"heard"


def test_a_recording_is_read_again_while_it_goes_on(tmp_path: Path) -> None:
    """A person who adds a key has everything decoded anew: from the first octet, and nothing is lost meanwhile."""
    with terminal() as (fd, name):
        specs = (f"serial:{name}?baud=115200",)
        source = LiveSource(specs, plan=RecordPlan(specs, str(tmp_path / "a.pcapng")))
        os.write(fd, b"first")
        for record in source:
            if record.octets:
                break
        other = source.again()
        assert next(iter(source), None) is None
        os.write(fd, b"then")
        found = b""
        for record in other:
            found += record.octets
            if found.endswith(b"then"):
                other.stop()
        other.close()
    assert found == b"firstthen"


def test_specs_that_cannot_be() -> None:
    with pytest.raises(UsageError):
        open_source("serial:/dev/x?baud=x")
    with pytest.raises(CaptureError, match="no such port"):
        open_source("serial:/dev/does-not-exist")


def test_live_sources_named_together_are_one() -> None:
    assert is_live("ip:lo") and not is_live("a.pcap") and not is_live("tshark:lo")
    assert together(["a.pcap", "b.pcap"]) == ["a.pcap", "b.pcap"]
    assert together(["ip:lo", "a.pcap", "serial:/dev/x"]) == ["ip:lo\nserial:/dev/x", "a.pcap"]


def test_where_nobody_named_a_file() -> None:
    path = spool_path()
    assert path.endswith(".pcapng")
    assert os.stat(os.path.dirname(path)).st_mode & 0o077 == 0  # keys and passwords may be in it
