"""Captures through a pipe, as from `ssh host tcpdump -w -`: rows appear at once, a writer that dies leaves its rows.

Each test is the whole program in a process of its own; the test is the other end of its pipe.
"""

import queue
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from encode import hdlc
from encode.usb import Bus
from encode.usb_adapters import Ftdi
from encode.wrapper import pdu

from captures.linktype import RTAC_HEADER, RTAC_SERIAL, Event
from captures.pcap import PcapWriter
from captures.pcapng_write import PcapngWriter

ROOT = Path(__file__).resolve().parent.parent
START = 1_700_000_000_000_000_000
MS = 1_000_000
GET = bytes.fromhex("C001C100030100010800FF0200")
GOT = bytes.fromhex("C401C1000600000001")
SNRM, UA = hdlc.frame("SNRM"), hdlc.frame("UA", up=False)
# three readings: a request is known not to be repeated when the answer is there
TALK = [
    (hdlc.frame("I", info=hdlc.COMMAND + GET, ns=n, nr=n), hdlc.frame("I", False, hdlc.RESPONSE + GOT, ns=n, nr=n + 1))
    for n in range(3)
]


class Program:
    """`cosemscope dump - …` with its three pipes. row() waits for a line; what is not there yet is not made up."""

    def __init__(self, *options: str) -> None:
        command = [sys.executable, "-m", "analyzer.cli", "dump", "-", *options]
        self.process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        self.rows: queue.Queue[bytes] = queue.Queue()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.rows.put(line)

    def write(self, octets: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(octets)
        self.process.stdin.flush()

    def row(self) -> str:
        return self.rows.get(timeout=60).decode()

    def end(self) -> tuple[int, list[str], str]:
        """The writer is gone: exit code, the rows that came after, stderr."""
        assert self.process.stdin is not None and self.process.stderr is not None
        self.process.stdin.close()
        said = self.process.stderr.read().decode()
        code = self.process.wait()
        self.reader.join()
        return code, [self.rows.get().decode() for _ in range(self.rows.qsize())], said


@pytest.fixture
def program() -> Iterator[type[Program]]:
    made: list[Program] = []

    class Kept(Program):
        def __init__(self, *options: str) -> None:
            super().__init__(*options)
            made.append(self)

    yield Kept
    for each in made:
        each.process.kill()
        each.process.wait()


def pieces(path: Path, write) -> list[bytes]:
    """What write(file) writes at each step, as the octets that come through the pipe."""
    out, at = [], 0
    with path.open("wb", buffering=0) as file:
        for _ in write(file):
            octets = path.read_bytes()
            out.append(octets[at:])
            at = len(octets)
    return out


def line(file) -> Iterator[None]:
    """A pcapng of a tap of two wires: header, both interfaces, then a reading a step."""
    writer = PcapngWriter(file)
    wires = [writer.interface(RTAC_SERIAL, name=f"tap:{wire}", speed=9600) for wire in "AB"]
    yield
    for n, turns in enumerate(TALK):
        for wire, octets in enumerate(turns):
            event = (Event.TX_START, Event.RX_START)[wire]
            ns = START + (2 * n + wire) * 100 * MS
            writer.packet(wires[wire], ns, RTAC_HEADER.pack(0, 0, event, 0, 0) + octets)
        yield


def packets(file) -> Iterator[None]:
    """A pcap of HDLC frames on USER0."""
    writer = PcapWriter(file, 147)
    yield
    for n, turns in enumerate(TALK):
        for octets in turns:
            writer.write(START + n * 100 * MS, octets)
        yield


@pytest.mark.parametrize("write", [line, packets])
@pytest.mark.parametrize("form", ["text", "jsonl", "csv"])
def test_rows_appear_while_the_writer_still_writes(write, form: str, program, tmp_path: Path) -> None:
    """Each row is waited for before the next octet is written: a row that were held back would hold the test."""
    head, *steps = pieces(tmp_path / "made", write)
    running = program("--format", form, "--quiet")
    running.write(head)
    if form == "csv":
        assert running.row().startswith("no,")
    for step in steps:
        running.write(step)
        assert "get-request-normal" in running.row() and "get-response-normal" in running.row()
    assert running.end() == (0, [], "")


@pytest.mark.parametrize("write", [line, packets])
def test_a_capture_cut_in_the_middle_of_a_packet(write, program, tmp_path: Path) -> None:
    head, *steps = pieces(tmp_path / "made", write)
    running = program()
    running.write(head + steps[0] + steps[1][:-3])
    assert "get-request" in running.row() and "get-response" in running.row()
    code, rows, said = running.end()
    assert code == 4 and len(rows) == 1 and "get-request" in rows[0]
    assert "cut short" in said and "what was whole was analyzed" in said


def test_a_writer_that_is_killed_between_packets(program, tmp_path: Path) -> None:
    head, *steps = pieces(tmp_path / "made", line)
    running = program()
    slow = subprocess.Popen(
        [sys.executable, "-c", "import sys, time; sys.stdout.buffer.write(sys.stdin.buffer.read()); sys.stdout.flush();"
         "time.sleep(1e6)"],
        stdin=subprocess.PIPE, stdout=running.process.stdin,
    )  # fmt: skip
    assert slow.stdin is not None
    slow.stdin.write(head + b"".join(steps))
    slow.stdin.close()
    assert all("get-re" in running.row() for _ in range(2 * len(steps)))
    slow.kill()
    slow.wait()
    assert running.end() == (0, [], "")


def test_an_empty_pipe_and_one_that_ends_in_the_header(program) -> None:
    code, rows, said = program().end()
    assert (code, rows) == (3, []) and "is empty" in said
    running = program()
    running.write(bytes.fromhex("d4c3b2a1020004"))
    code, rows, said = running.end()
    assert (code, rows) == (4, []) and "file header" in said


def test_an_adapter_on_a_bus_that_is_captured_now(program, tmp_path: Path) -> None:
    """`ssh host tcpdump -i usbmon1 -w -`: rows as soon as the adapter shows what it is."""
    bus = Bus("usbmon-64")
    adapter = Ftdi(bus)
    adapter.set(9600)
    for sent, heard in ((SNRM, UA), *TALK):
        adapter.sends(sent)
        adapter.hears(heard)
    running = program("--quiet")
    running.write(bus.write(tmp_path / "made.pcap").read_bytes())
    assert "get-request" in running.row() and "get-response" in running.row()
    assert running.end()[0] == 0


def test_dumpcap_on_several_interfaces(program, tmp_path: Path) -> None:
    dumpcap = shutil.which("dumpcap")
    if dumpcap is None or "lo" not in subprocess.run([dumpcap, "-D"], capture_output=True, text=True).stdout:
        pytest.skip("dumpcap is not here or may not capture (Debian: apt-get install tshark, as root)")
    running = program("--quiet")
    capture = subprocess.Popen(
        [dumpcap, "-q", "-i", "lo", "-i", "any", "-f", "udp port 4059", "-w", "-"],
        stdout=running.process.stdin,
        stderr=subprocess.PIPE,
    )
    assert capture.stderr is not None
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as meter,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client,
    ):
        meter.bind(("127.0.0.1", 4059))
        seen = threading.Event()

        def wait() -> None:
            while "get-request-normal" not in running.row():
                pass  # another test's traffic on this port
            seen.set()

        waiting = threading.Thread(target=wait, daemon=True)
        waiting.start()
        while not seen.wait(0.2):  # until dumpcap has opened both interfaces
            assert capture.poll() is None, capture.stderr.read()
            assert waiting.is_alive() or seen.is_set()
            client.sendto(pdu(GET), ("127.0.0.1", 4059))
    capture.terminate()
    capture.communicate()
    assert running.end()[0] in (0, 4)  # dumpcap may stop inside a block
