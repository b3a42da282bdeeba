"""A real client reads a real server (gurux-dlms, own processes); our decode must give what the client got.

Each conversation passes a proxy in this process that writes down every octet: as TCP packets crafted by scapy for the
wrapper and for HDLC over TCP. The serial line is recorded by the tap of captures/demo/relay.py.
"""

import json
import select
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from scapy.layers.inet import IP, TCP
from scapy.layers.l2 import Ether
from scapy.packet import Raw
from scapy.utils import PcapWriter

ROOT = Path(__file__).resolve().parent.parent
PYTHON = (sys.executable, "-m")
METER, READER, RELAY = (f"captures.demo.{name}" for name in ("meter", "reader", "relay"))
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


class Recorder:
    """TCP packets of one conversation, as a network tap would have seen them, crafted from what a proxy passed."""

    def __init__(self, path: Path, client: int, server: int) -> None:
        self.file = PcapWriter(str(path), linktype=1, nano=True)
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
        self.file.close()


def proxy(listening: socket.socket, port: int, path: Path) -> None:
    """Passes one connection on to port, and records it, until the client ends it."""
    client, address = listening.accept()
    with client, socket.create_connection(("127.0.0.1", port)) as server:
        recorder = Recorder(path, address[1], port)
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


def conversation(interface: str, session: str, path: Path) -> list[dict[str, Any]]:
    """What the client got in one session, whose packets are then in path."""
    with running(METER, "--interface", interface) as (port,), socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(LONGEST_S)
        passing = threading.Thread(target=proxy, args=(listening, int(port), path))
        passing.start()
        connect = str(listening.getsockname()[1])
        got = read("--interface", interface, "--connect", connect, "--session", session)
        passing.join()
    return got


def read(*arguments: str) -> list[dict[str, Any]]:
    done = subprocess.run(
        [*PYTHON, READER, *arguments], cwd=ROOT, stdout=subprocess.PIPE, text=True, timeout=LONGEST_S, check=True
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def serial_line(session: str, path: Path) -> list[dict[str, Any]]:
    with ExitStack() as stack:
        client, server = stack.enter_context(running(RELAY, "--write", str(path), "--baud", "115200"))
        stack.enter_context(running(METER, "--interface", "hdlc", "--serial", server))
        return read("--interface", "hdlc", "--serial", client, "--session", session)


def dump(path: Path, *options: str) -> list[dict[str, Any]]:
    """The messages of path by the command line, as its contract has them."""
    command = [*PYTHON, "analyzer.cli", "dump", str(path), "--format", "jsonl", *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=LONGEST_S, check=False)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def plain(data: dict[str, Any]) -> Any:
    """Data of the contract in the form that reader.py prints."""
    if data["type"] in ("array", "structure"):
        return [plain(item) for item in data["value"]]
    return data["value"]


def name(obis: str) -> str:
    """1-0:1.8.0*255 as 1.0.1.8.0.255."""
    return obis.replace("-", ".").replace(":", ".").replace("*", ".")


def told(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The answers in messages, in the form that reader.py prints."""
    found: list[dict[str, Any]] = []
    for message in messages:
        kind = message["apdu"]
        if not kind.startswith(("get-response", "set-response", "action-response")):
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


def compare(got: list[dict[str, Any]], messages: list[dict[str, Any]]) -> None:
    ours, theirs = told(messages), expected(got)
    for number, (decoded, received) in enumerate(zip(ours, theirs, strict=False), 1):
        assert decoded == received, f"answer {number}"
    assert len(ours) == len(theirs)
    wrong = [(m["no"], p) for m in messages for p in m["problems"] if p["severity"] == "error"]
    assert not wrong


@pytest.mark.parametrize(
    ("interface", "session", "answers"),
    [("wrapper", "full", 24), ("wrapper", "blocks", 24), ("wrapper", "identify", 3), ("hdlc", "full", 24)],
)
def test_we_decode_what_the_client_got_over_tcp(tmp_path: Path, interface: str, session: str, answers: int) -> None:
    capture = tmp_path / "live.pcap"
    got = conversation(interface, session, capture)
    assert len(got) == answers
    compare(got, dump(capture))


def test_we_decode_what_the_client_got_on_a_serial_line(tmp_path: Path) -> None:
    capture = tmp_path / "live.pcapng"
    got = serial_line("full", capture)
    assert len(got) == 24
    compare(got, dump(capture))


@pytest.mark.parametrize("interface", ["wrapper", "hdlc"])
def test_we_decipher_what_the_client_got(tmp_path: Path, interface: str) -> None:
    capture = tmp_path / "live.pcap"
    got = conversation(interface, "ciphered", capture)
    assert len(got) == 5
    messages = dump(capture, "--keys", str(ROOT / "captures" / "demo" / "keys.toml"))
    compare(got, messages)
    deciphered = [m["security"] for m in messages if m["apdu"].startswith("get-")]
    assert {s["status"] for s in deciphered} == {"ok"}
    assert [s["invocation_counter"] for s in deciphered] == [n for k in range(1, 6) for n in (1000 + k, k)]


def test_without_keys_no_value_is_invented(tmp_path: Path) -> None:
    capture = tmp_path / "live.pcap"
    conversation("wrapper", "ciphered", capture)
    hidden = [m for m in dump(capture) if m["apdu"] == "general-glo-ciphering"]
    assert len(hidden) == 10
    assert {m["security"]["status"] for m in hidden} == {"no-key"}
    assert [m["data"] for m in hidden] == [None] * 10


@pytest.mark.parametrize(("interface", "session"), [("wrapper", "blocks"), ("hdlc", "full")])
def test_who_talks_to_whom(tmp_path: Path, interface: str, session: str) -> None:
    capture = tmp_path / "live.pcap"
    conversation(interface, session, capture)
    messages = dump(capture)
    assert {(m["client"], m["server"], m["association"]) for m in messages} == {(32, 1, 1)}
    assert {m["physical"] for m in messages} == {17 if interface == "hdlc" else None}
    for message in messages:
        asks = message["apdu"].partition("-")[2].startswith("request") or message["apdu"] in ("aarq", "rlrq")
        assert message["direction"] == ("client-to-server" if asks else "server-to-client"), message["apdu"]
    assert messages[0]["apdu"] == "aarq"
    assert messages[-1]["apdu"] == "rlre"


def test_scaled_values_have_their_unit(tmp_path: Path) -> None:
    capture = tmp_path / "live.pcap"
    conversation("wrapper", "full", capture)
    texts = [m["text"] for m in dump(capture) if m["obis"] == "1-0:32.7.0*255" and m["data"] and m["attribute"] == 2]
    assert texts == ["230.4 V"]


def test_a_rejected_association_is_said_to_be_one(tmp_path: Path) -> None:
    capture = tmp_path / "live.pcap"
    got = conversation("hdlc", "rejected", capture)
    assert got[0]["association"].startswith("Connection is permanently rejected")
    aare = [message for message in dump(capture) if message["apdu"] == "aare"]
    assert [message["result"] for message in aare] == ["rejected-permanent"]


def test_the_serial_session_repeats_the_shipped_frames(tmp_path: Path) -> None:
    """The scripts beside the captures make them: the same session gives the same octets again."""
    capture = tmp_path / "live.pcapng"
    serial_line("identify", capture)

    def octets(path: Path) -> list[str]:
        command = [*PYTHON, "analyzer.cli", "dump", str(path), "--level", "frame", "--format", "jsonl"]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=LONGEST_S, check=True)
        return [json.loads(line)["octets"] for line in done.stdout.splitlines()]

    again, shipped = octets(capture), octets(ROOT / "captures" / "demo" / "hdlc-serial.pcapng")
    assert len(again) == 14
    assert "".join(again) in "".join(shipped)
