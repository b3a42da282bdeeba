"""What the live tests share: gurux-dlms in processes of its own, a proxy that records, and the comparison of values."""

import json
import select
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

from scapy.layers.inet import IP, TCP
from scapy.layers.l2 import Ether
from scapy.packet import Raw
from scapy.utils import PcapWriter

ROOT = Path(__file__).resolve().parent.parent
PYTHON = (sys.executable, "-m")
# What gurux says where the meter refused, and the result in the words of the standard.
REFUSED = {
    "Access Error : Device reports Read-Write denied.": "read-write-denied",
    "Access Error : Device reports a undefined object.": "object-undefined",
}
LONGEST_S = 120


@contextmanager
def running(*command: str) -> Iterator[list[str]]:
    """A process until the end of the block, by the words it prints after "ready"."""
    with subprocess.Popen(
        [*PYTHON, *command], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        try:
            words = process.stdout.readline().split()
            assert words[:1] == ["ready"], f"{command[0]} did not start"
            yield words[1:]
        finally:
            process.stdin.close()
            process.wait(LONGEST_S)


class Lines:
    """A process that is told and tells by lines."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process

    def say(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line)
        self.process.stdin.flush()

    def hear(self) -> str:
        """Its next line; "" where it has ended."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().rstrip("\n")


@contextmanager
def running_lines(module: str) -> Iterator[Lines]:
    """A process that reads lines, until the end of the block."""
    command = [*PYTHON, module]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, cwd=ROOT, text=True, **pipes) as process:
        try:
            yield Lines(process)
        finally:
            process.kill()  # by its own number; it may wait for a connection that never comes


class Recorder:
    """TCP packets of one conversation, as a network tap would have seen them, crafted from what a proxy passed."""

    def __init__(self, file: PcapWriter, client: int, server: int) -> None:
        self.file = file
        self.ports = (client, server)
        self.next = [1000, 2000]
        self.write(0, "S")
        self.write(1, "SA")
        self.write(0, "A")

    def write(self, side: int, flags: str, octets: bytes = b"") -> None:
        """side 0: from the client. SYN and FIN count as one octet."""
        addresses = ("192.0.2.1", "192.0.2.2")
        head = Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02") / IP(
            src=addresses[side], dst=addresses[1 - side]
        )
        segment = TCP(
            sport=self.ports[side],
            dport=self.ports[1 - side],
            flags=flags,
            seq=self.next[side],
            ack=self.next[1 - side] if "A" in flags else 0,
        )
        packet = head / segment / Raw(octets) if octets else head / segment
        packet.time = time.time()
        self.file.write(packet)
        self.next[side] += len(octets) + ("S" in flags or "F" in flags)

    def close(self) -> None:
        self.write(0, "FA")
        self.write(1, "FA")
        self.write(0, "A")


def capture_file(path: Path) -> PcapWriter:
    return PcapWriter(str(path), linktype=1, nano=True)


@contextmanager
def recorded(file: PcapWriter, port: int, client: int = 50000) -> Iterator[int]:
    """Where to connect to instead of port, for one connection that is recorded as from the port client."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(LONGEST_S)
        passing = threading.Thread(target=proxy, args=(listening, port, file, client))
        passing.start()
        yield listening.getsockname()[1]
        passing.join()


def proxy(listening: socket.socket, port: int, file: PcapWriter, port_shown: int) -> None:
    """Passes one connection on to port, and records it as from port_shown, until a side ends it."""
    client, _ = listening.accept()
    with client, socket.create_connection(("127.0.0.1", port)) as server:
        for line in (client, server):
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        recorder = Recorder(file, port_shown, port)
        sides = [client, server]
        while True:
            for ready in select.select(sides, [], [])[0]:
                side = sides.index(ready)
                octets = ready.recv(4096)
                if not octets:
                    recorder.close()
                    return
                recorder.write(side, "PA", octets)
                sides[1 - side].sendall(octets)


@lru_cache(4)
def dump(path: Path, *options: str) -> list[dict[str, Any]]:
    """The messages of path by the command line, as its contract has them. Leave them as they are: they are shared."""
    command = [*PYTHON, "analyzer.cli", "dump", str(path), "--format", "jsonl", *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=LONGEST_S, check=False)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def plain(data: dict[str, Any]) -> Any:
    """Data of the contract in the form that reader.py prints."""
    if data["type"] in ("array", "structure"):
        return [plain(item) for item in data["value"]]
    return data["value"]


def name(obis: str | None) -> str:
    """1-0:1.8.0*255 as 1.0.1.8.0.255."""
    assert obis is not None, "an answer to no request"
    return obis.replace("-", ".").replace(":", ".").replace("*", ".")


def told(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The answers in messages, in the form that reader.py prints."""
    found: list[dict[str, Any]] = []
    for message in messages:
        kind = message["apdu"]
        if not kind.startswith(("get-response", "set-response", "action-response")) or kind == "set-response-datablock":
            continue
        if message["items"]:
            found += [one(kind, item) for item in message["items"]]
        elif message["data"] is not None or message["result"] != "success" or not kind.startswith("get"):
            found.append(one(kind, message))
    return found


def one(kind: str, answer: dict[str, Any]) -> dict[str, Any]:
    if kind.startswith("action"):
        return {"obis": name(answer["obis"]), "method": answer["method"], "result": answer["result"]}
    made = {"class_id": answer["class_id"], "obis": name(answer["obis"]), "attribute": answer["attribute"]}
    if answer["result"] != "success":
        return {**made, "error": answer["result"]}
    return {**made, "value": plain(answer["data"])} if kind.startswith("get") else {**made, "written": True}


def expected(got: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What the client printed, in the words of the contract."""
    made = []
    for line in got:
        line = dict(line)
        if "error" in line:
            line["error"] = REFUSED[line["error"]]
        if "written" in line:
            line["written"] = True
        if "method" in line:
            line["result"] = "success"
        made.append(line)
    return made


def compare(got: list[dict[str, Any]], messages: list[dict[str, Any]], allowed: frozenset[str] = frozenset()) -> None:
    """Equal value by value, and no error in the traffic but those of the allowed codes."""
    ours, theirs = told(messages), expected(got)
    for number, (decoded, received) in enumerate(zip(ours, theirs, strict=False), 1):
        assert decoded == received, f"answer {number}"
    assert len(ours) == len(theirs)
    wrong = [
        (m["no"], p) for m in messages for p in m["problems"] if p["severity"] == "error" and p["code"] not in allowed
    ]
    assert not wrong
