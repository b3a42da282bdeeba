"""Captures that the tests of this folder read: written by our writers, checked by tshark elsewhere."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from captures.pcap import PcapWriter
from captures.pcapng_write import PcapngWriter
from captures.source import open_source
from dissectors.record import Record

START = 1_700_000_000_123_456_000  # whole microseconds, so that both pcap resolutions hold it
FRAME = bytes.fromhex("7ea0070321930f017e")


@pytest.fixture
def pcap(tmp_path: Path) -> Path:
    path = tmp_path / "made.pcap"
    with path.open("wb") as file:
        writer = PcapWriter(file, 1, nanoseconds=False)
        for n in range(6):
            writer.write(START + n * 1_000_000, bytes([n]) * (40 + n))
    return path


@pytest.fixture
def pcapng(tmp_path: Path) -> Path:
    """Two interfaces, comments, directions, statistics."""
    path = tmp_path / "made.pcapng"
    with path.open("wb") as file:
        writer = PcapngWriter(file, comment="made by a test")
        net = writer.interface(1, name="eth9")
        writer.packet(net, START, bytes(60), comment="first")
        writer.packet(net, START + 1, bytes(61))
        wire = writer.interface(250, name="wire", description="A and B", speed=9600)
        header = (START // 10**9).to_bytes(4, "big") + (123456).to_bytes(4, "big") + b"\x02\x00\0\0"
        writer.packet(wire, START + 2, header + FRAME, flags=1)
        writer.packet(net, START + 3, bytes(33), wire=90, flags=2)
        writer.statistics(net, START + 9, received=4, dropped=0)
    return path


@pytest.fixture
def read() -> Iterator[Callable[..., tuple[list[Record], Any]]]:
    """open, read to the end, close: the records and the source."""
    opened = []

    def run(spec: object, **options: Any) -> tuple[list[Record], Any]:
        source = open_source(str(spec), **options)
        opened.append(source)
        return list(source), source

    yield run
    for source in opened:
        source.close()
