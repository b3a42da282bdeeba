"""Analysis: a whole capture in columns; rows made again equal those that streamed."""

import sys
from typing import Any

import pytest
from encode import acse, xdlms
from msgspec.structs import replace
from scripts import (
    AARQ,
    ACK,
    CLOCK_OBIS,
    DOWN,
    GET,
    GOT,
    OPENING,
    PROFILES,
    UP,
    Link,
    Script,
    Step,
    Tcp,
    as_text,
    get,
    got,
    on_line,
    opened,
    over_hdlc,
    over_tcp,
    over_udp,
    rows_of,
    run_of,
    udp,
    wrap,
)

import analyzer
from analyzer import rows
from analyzer.analysis import Analysis
from dissectors.data_types import Data

RAW = b"\x09\x08" + bytes(range(8))
BLOCKS: tuple[Step, ...] = (
    *opened(),
    (UP, GET),
    (DOWN, xdlms.get_response_with_datablock(0xC1, False, 1, RAW[:5])),
    (UP, bytes.fromhex("C002C100000001")),
    (DOWN, xdlms.get_response_with_datablock(0xC1, True, 2, RAW[5:])),
)
LISTS: tuple[Step, ...] = (
    *opened(),
    (UP, xdlms.example("get-request-with-list")),
    (DOWN, xdlms.get_response_with_list(0xC1, [Data("unsigned", 5), 3])),
)


def segmented() -> Script:
    link = Link()
    apdu = b"\xe6\xe7\x00" + got(Data("octet-string", "00" * 40))
    return on_line(
        *link.up(), *link.talk(*OPENING, (UP, GET)),
        (DOWN, link.frame("I", False, info=apdu[:30], ns=1, nr=2, segmented=True)), (UP, link.frame("RR", nr=2)),
        (DOWN, link.frame("I", False, info=apdu[30:], ns=2, nr=2)),
    )  # fmt: skip


def shared_segments() -> Script:
    """APDUs over several segments, and several in one."""
    script, t = Script(), Tcp()
    for segment in t.handshake():
        script.add(segment)
    whole = b"".join(wrap(UP, apdu) for apdu in (AARQ, get(1), get(2, CLOCK_OBIS, 8)))
    for at in range(0, len(whole), 23):
        script.add(t.segment(whole[at : at + 23]))
    script.add(t.segment(b"", False, ACK)).add(t.segment(wrap(DOWN, got(invoke=2)) + wrap(DOWN, GOT), False))
    return script


SCRIPTS: dict[str, Script] = {
    "udp": over_udp(*OPENING, (UP, GET), (DOWN, GOT), (UP, GET), (UP, GET), (DOWN, got(3)), (UP, get(4))),
    "tcp": over_tcp(*OPENING, (UP, GET), (DOWN, GOT)),
    "hdlc": over_hdlc(*OPENING, (UP, GET), (DOWN, GOT)),
    "text": as_text(AARQ, GET, GOT),
    "blocks": over_udp(*BLOCKS),
    "lists": over_udp(*LISTS),
    "segments": segmented(),
    "stream": shared_segments(),
    "problems": over_udp((UP, GET + b"\xee"), (DOWN, b"\xc4\x01"), (DOWN, b"\xfe"), (UP, acse.aarq(3, 1, b"12345678"))),
    "push": over_udp((DOWN, xdlms.example("data-notification dated"))),
    "ciphered": over_udp((UP, xdlms.example("glo-get-request"))),
    "noise": on_line(*Link().up(), (UP, b"\x00\x01\x02")),
    "nothing": Script().add(udp(b"hello")),
}


def load(script: Script) -> Analysis:
    made = Analysis(script.channels, PROFILES)
    for _ in made.load(script.records):
        pass
    return made


@pytest.mark.parametrize("name", SCRIPTS)
def test_frames_come_back(name: str) -> None:
    script = SCRIPTS[name]
    streamed = [replace(f, value=None, payload=b"", gap_ns=None) for f in run_of(script).frames()]
    made = load(script)
    assert list(made.rows("frame")) == streamed and len(made.frames) == len(streamed)


@pytest.mark.parametrize("name", SCRIPTS)
@pytest.mark.parametrize("level", ["message", "exchange"])
def test_rows_come_back(name: str, level: str) -> None:
    """Made again in any order, as the contract shows them."""
    script = SCRIPTS[name]
    made = load(script)
    found = list(made.rows(level))
    again = [rows.row(level, item, made.run) for item in found[::-1]][::-1]
    streamed = rows_of(script, level)
    for one, other in zip(again, streamed, strict=True):
        for key in one:
            if key == "problems":  # less what is said of objects, as rows_of
                one[key] = [p for p in one[key] if not p["code"].startswith("cosem.")]
            if key != "text":  # words grow with what the whole capture has taught
                assert one[key] == other[key], (key, one["no"])


def test_words_know_the_whole_capture() -> None:
    scaler = got(Data("structure", (Data("integer", -3), Data("enum", 30))), 2)
    script = over_udp((UP, get(1)), (DOWN, got(Data("long", 5000))), (UP, get(2, attribute=3)), (DOWN, scaler))
    made = load(script)
    assert rows.row("message", made.message(2), made.run)["text"] == "5.000 Wh"


def test_columns_are_numbers_for_numpy() -> None:
    made = load(SCRIPTS["udp"])
    frames = made.frames.array()
    assert list(frames["source"]) == [16, 1, 16, 1, 16, 16, 1, 16]
    assert [made.words[n] for n in frames["kind"]] == ["wrapper"] * 8
    assert (frames["last_ns"] >= frames["first_ns"]).all()
    exchanges = made.exchanges.array()
    assert [made.words[n] for n in exchanges["service"]] == ["association", "get", "get", "get"]
    assert list(exchanges["attempts"]) == [1, 1, 2, 1]


def test_tables_beside_the_columns() -> None:
    made = load(SCRIPTS["problems"])
    assert [f.code for f in made.findings] == [r["code"] for r in rows_of(SCRIPTS["problems"], "finding")]
    assert len(made.addressing.rows) == 2
    assert [a.status for a in load(SCRIPTS["udp"]).run.associations.table] == ["open"]


def test_octets_are_kept_once() -> None:
    made = load(SCRIPTS["tcp"])
    assert len(made.octets) == sum(len(r.octets) for r in SCRIPTS["tcp"].records)
    assert len(made.joined) == 0  # every APDU lies in its frame


def memory(frames: int) -> int:
    """Octets that the tables and stores of an analysis take."""
    steps: list[Any] = [*OPENING, *[(UP, GET), (DOWN, GOT)] * (frames // 2)]
    made = load(over_udp(*steps))
    stores = (made.frames.data, made.messages.data, made.exchanges.data, made.octets, made.joined)
    rest = (made.problems_of, made.message_problems, made.records_of, made.responses_of, made.more)
    return sum(len(s) for s in stores) + sum(sys.getsizeof(r) for r in rest)


def test_memory_per_frame() -> None:
    """Columns, not objects: five times the packets, which are the smallest there are (61 octets)."""
    small, large = memory(200), memory(2200)
    each = (large - small) / 2000
    packets = (len(udp(wrap(UP, GET))) + len(udp(wrap(DOWN, GOT)))) / 2
    assert each < 5 * packets
    assert memory(4200) - large < 1.05 * (large - small)


def test_open(tmp_path: Any) -> None:
    path = SCRIPTS["udp"].save(tmp_path / "a.pcap")
    made = analyzer.open(str(path))
    assert (len(made.frames), len(made.messages), made.cut) == (8, 8, None)
    whole = path.read_bytes()
    path.write_bytes(whole[:-3])
    made = analyzer.open(str(path), profiles=["tcp-udp-ip"])
    assert len(made.frames) == 7 and made.cut is not None
    assert [p.name for p in made.profiles] == ["tcp-udp-ip"]


def test_progress_is_the_number_of_frames() -> None:
    made = Analysis(SCRIPTS["udp"].channels, PROFILES)
    progress = list(made.load(SCRIPTS["udp"].records))
    assert progress[-1] == 8 and progress == sorted(progress)
