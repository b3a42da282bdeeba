"""A real client reads a real server (gurux-dlms, own processes); our decode must give what the client got.

Each conversation passes a proxy in this process that writes down every octet: as TCP packets crafted by scapy for the
wrapper and for HDLC over TCP. The serial line is recorded by the tap of captures/demo/relay.py. Each is held once, and
several tests look at it. High level security and the suites: test_live_security.py.
"""

import json
import subprocess
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from live import LONGEST_S, PYTHON, ROOT, capture_file, compare, dump, recorded, running

METER, READER, RELAY = (f"captures.demo.{name}" for name in ("meter", "reader", "relay"))
KEYS = ROOT / "captures" / "demo" / "keys.toml"
Got = list[dict[str, Any]]


class Conversations:
    """By interface and session: the capture, and what the client got."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.held: dict[tuple[str, str], tuple[Path, Got]] = {}

    def __call__(self, interface: str, session: str) -> tuple[Path, Got]:
        if (interface, session) not in self.held:
            path = self.folder / f"{interface}-{session}.pcap"
            self.held[interface, session] = path, conversation(interface, session, path)
        return self.held[interface, session]


@pytest.fixture(scope="module")
def talk(tmp_path_factory: pytest.TempPathFactory) -> Conversations:
    return Conversations(tmp_path_factory.mktemp("live"))


def conversation(interface: str, session: str, path: Path) -> Got:
    """What the client got in one session, whose packets are then in path."""
    file = capture_file(path)
    with running(METER, "--interface", interface) as (port,), recorded(file, int(port)) as connect:
        got = read("--interface", interface, "--connect", str(connect), "--session", session)
    file.close()
    return got


def read(*arguments: str) -> Got:
    done = subprocess.run(
        [*PYTHON, READER, *arguments], cwd=ROOT, stdout=subprocess.PIPE, text=True, timeout=LONGEST_S, check=True
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def serial_line(session: str, path: Path) -> Got:
    with ExitStack() as stack:
        client, server = stack.enter_context(running(RELAY, "--write", str(path), "--baud", "115200"))
        stack.enter_context(running(METER, "--interface", "hdlc", "--serial", server))
        return read("--interface", "hdlc", "--serial", client, "--session", session)


@pytest.mark.parametrize(
    ("interface", "session", "answers"),
    [("wrapper", "full", 24), ("wrapper", "blocks", 24), ("wrapper", "identify", 3), ("hdlc", "full", 24)],
)
def test_we_decode_what_the_client_got_over_tcp(
    talk: Conversations, interface: str, session: str, answers: int
) -> None:
    capture, got = talk(interface, session)
    assert len(got) == answers
    compare(got, dump(capture))


def test_we_decode_what_the_client_got_on_a_serial_line(tmp_path: Path) -> None:
    capture = tmp_path / "live.pcapng"
    got = serial_line("full", capture)
    assert len(got) == 24
    compare(got, dump(capture))


@pytest.mark.parametrize("interface", ["wrapper", "hdlc"])
def test_we_decipher_what_the_client_got(talk: Conversations, interface: str) -> None:
    capture, got = talk(interface, "ciphered")
    assert len(got) == 5
    messages = dump(capture, "--keys", str(KEYS))
    compare(got, messages)
    deciphered = [m["security"] for m in messages if m["apdu"].startswith("get-")]
    assert {s["status"] for s in deciphered} == {"ok"}
    assert [s["invocation_counter"] for s in deciphered] == [n for k in range(1, 6) for n in (1000 + k, k)]


def test_without_keys_no_value_is_invented(talk: Conversations) -> None:
    capture, _ = talk("wrapper", "ciphered")
    hidden = [m for m in dump(capture) if m["apdu"] == "general-glo-ciphering"]
    assert len(hidden) == 10
    assert {m["security"]["status"] for m in hidden} == {"no-key"}
    assert [m["data"] for m in hidden] == [None] * 10


@pytest.mark.parametrize(("interface", "session"), [("wrapper", "blocks"), ("hdlc", "full")])
def test_who_talks_to_whom(talk: Conversations, interface: str, session: str) -> None:
    capture, _ = talk(interface, session)
    messages = dump(capture)
    assert {(m["client"], m["server"], m["association"]) for m in messages} == {(32, 1, 1)}
    assert {m["physical"] for m in messages} == {17 if interface == "hdlc" else None}
    for message in messages:
        asks = message["apdu"].partition("-")[2].startswith("request") or message["apdu"] in ("aarq", "rlrq")
        assert message["direction"] == ("client-to-server" if asks else "server-to-client"), message["apdu"]
    assert messages[0]["apdu"] == "aarq"
    assert messages[-1]["apdu"] == "rlre"


def test_scaled_values_have_their_unit(talk: Conversations) -> None:
    capture, _ = talk("wrapper", "full")
    texts = [m["text"] for m in dump(capture) if m["obis"] == "1-0:32.7.0*255" and m["data"] and m["attribute"] == 2]
    assert texts == ["230.4 V"]


def test_a_rejected_association_is_said_to_be_one(talk: Conversations) -> None:
    capture, got = talk("hdlc", "rejected")
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
