"""Properties of the whole pipeline (style: never raises, no octet lost, every chunking, live equals replay)."""

import io
import itertools
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from traffic import (
    NOTIFICATION,
    TELEGRAM,
    Dialogue,
    Sent,
    apdus,
    channel,
    framed,
    line_records,
    mutated,
    records,
    signed_on,
    tcp_packets,
    udp_packets,
    wrapped,
)

from analyzer import dump, jsonl, rows
from analyzer.run import Run
from captures.linktype import NAMES, RTAC_SERIAL, TEXT_LINK, USER0
from captures.pcap import PcapWriter
from captures.source import open_source
from dissectors import profile
from dissectors.fuse import Chain
from dissectors.link import stage
from dissectors.record import Direction, Flag, Frame, Record

PROFILES = list(profile.builtin().values())
LINKS = sorted({*NAMES, TEXT_LINK, 147, 12345})
LIGHT = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
FEW = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
encode = msgspec.json.Encoder().encode

CAPTURES: dict[str, tuple[int, list[bytes]]] = {
    "udp": (1, udp_packets(wrapped())),
    "udp-hdlc": (1, udp_packets(framed())),
    "vlan": (1, udp_packets(wrapped(), vlan=7)),
    "tcp": (1, tcp_packets(wrapped())),
    "tcp-hdlc": (1, tcp_packets(framed())),
    "serial": (USER0, [s.octets for s in framed()]),
    "serial-wrapper": (USER0, [s.octets for s in wrapped()]),
    "text": (TEXT_LINK, [s.octets for s in apdus()]),
    "text-hdlc": (TEXT_LINK, [s.octets for s in framed()]),
    "text-push": (TEXT_LINK, [NOTIFICATION]),
    "rtac": (RTAC_SERIAL, [s.octets for s in framed()]),
    "mode-e": (USER0, [s.octets for s in signed_on()]),
    "text-mode-e": (TEXT_LINK, [s.octets for s in signed_on()]),
    "p1": (USER0, [TELEGRAM, TELEGRAM]),
    "tcp-p1": (1, tcp_packets([Sent(False, TELEGRAM), Sent(False, TELEGRAM)])),
}


def run_of(link: int, given_records: Iterable[Record], taps: tuple[Any, ...] = ()) -> Run:
    return Run(given_records, [channel(link)], PROFILES, taps)


def octets_of(frames: Iterable[Frame]) -> int:
    return sum(len(f.carrier) + len(f.octets) for f in frames)


def judge(link: int, packets: list[bytes]) -> None:
    """All rows of all levels can be made, and every octet is in a frame."""
    kept = sum(map(len, packets))
    assert octets_of(run_of(link, records(packets)).frames()) == kept
    for level in ("frame", "message", "exchange", "finding", "association", "object", "address"):
        taps = dump.taps_for(level, {p.name: p for p in PROFILES})
        run = run_of(link, records(packets), tuple(taps.values()))
        for format in ("jsonl", "text"):
            dump.dump(run, dump.stream(run, level, taps) if format == "jsonl" else (), level, format, lambda _: None)
    run = run_of(link, records(packets))
    tree = level = "message"
    dump.dump(run, dump.stream(run, level, {}), level, "text", lambda _: None, tree=bool(tree))


@LIGHT
@given(st.sampled_from(LINKS), st.lists(st.binary(max_size=120), max_size=6))
def test_any_octets_on_any_link(link: int, packets: list[bytes]) -> None:
    judge(link, packets)


@pytest.mark.parametrize("name", CAPTURES)
@FEW
@given(data=st.data())
def test_mutated_traffic(name: str, data: st.DataObject) -> None:
    link, packets = CAPTURES[name]
    judge(link, data.draw(mutated(packets)))


@FEW
@given(st.data())
def test_any_flags_losses_and_times(data: st.DataObject) -> None:
    """Records whose clock goes backwards or is missing, with losses and line errors."""
    given_records = []
    for i, s in enumerate(framed()):
        ns = data.draw(st.one_of(st.none(), st.integers(0, 1 << 62)))
        flags = data.draw(st.sampled_from([0, 0, *map(int, Flag)]))
        way = data.draw(st.sampled_from(list(map(int, Direction))))
        given_records.append(Record(i + 1, 0, way, ns, ns, None, s.octets, flags, data.draw(st.integers(0, 3))))
    kept = sum(len(r.octets) for r in given_records)
    assert octets_of(run_of(USER0, given_records).frames()) == kept
    list(run_of(USER0, given_records).exchanges())


def test_an_empty_segment_beside_a_gap_is_kept() -> None:
    """Found by the property above: data recorded before its SYN, then an acknowledgement without data."""
    packets = tcp_packets(framed())
    packets[0], packets[3] = packets[3], packets[0]
    assert octets_of(run_of(1, records(packets)).frames()) == sum(map(len, packets))


# -- every chunking ----------------------------------------------------------------------------------------


def heard(run: Run) -> list[tuple[str, bytes, int, int, int]]:
    return [(m.apdu.name, m.pdu.octets, m.pdu.direction, m.pdu.client, m.pdu.server) for m in run.messages()]


@st.composite
def chunked(draw: st.DrawFn, units: list[Sent]) -> list[Sent]:
    """The units of each turn joined, then cut anywhere."""
    turns: list[Sent] = []
    for s in units:
        if turns and turns[-1].up == s.up:
            turns[-1] = Sent(s.up, turns[-1].octets + s.octets)
        else:
            turns.append(s)
    out = []
    for s in turns:
        cuts = sorted(draw(st.sets(st.integers(1, max(len(s.octets) - 1, 1)), max_size=5)) - {len(s.octets)})
        edges = [0, *cuts, len(s.octets)]
        out += [Sent(s.up, s.octets[a:b]) for a, b in itertools.pairwise(edges) if b > a]
    return out


@pytest.mark.parametrize("units", [wrapped(), framed()], ids=["wrapper", "hdlc"])
@FEW
@given(data=st.data())
def test_every_segmentation_of_a_tcp_stream(units: list[Sent], data: st.DataObject) -> None:
    whole = heard(run_of(1, records(tcp_packets(units))))
    assert len(whole) == len(apdus())
    assert heard(run_of(1, records(tcp_packets(data.draw(chunked(units)))))) == whole


@FEW
@given(data=st.data())
def test_every_order_of_tcp_segments(data: st.DataObject) -> None:
    """Segments of one turn that overtake each other or come twice give the same messages."""
    units = wrapped()
    d = Dialogue()
    for s in units:
        cut = data.draw(st.integers(1, len(s.octets) - 1))
        parts = [
            d.segment(s.up, s.octets[:cut], d.sequence[s.up]),
            d.segment(s.up, s.octets[cut:], d.sequence[s.up] + cut),
        ]
        order = data.draw(st.sampled_from(([0, 1], [1, 0], [0, 0, 1], [1, 0, 1], [0, 1, 0, 1])))
        d.packets += [parts[i] for i in order]
        d.sequence[s.up] += len(s.octets)
    assert heard(run_of(1, records(d.packets))) == heard(run_of(1, records(tcp_packets(units))))
    assert octets_of(run_of(1, records(d.packets)).frames()) == sum(map(len, d.packets))


@FEW
@given(data=st.data())
def test_every_chunking_of_a_serial_line(data: st.DataObject) -> None:
    units = framed()
    whole = heard(run_of(USER0, line_records(units)))
    assert len(whole) == len(apdus())
    assert heard(run_of(USER0, line_records(data.draw(chunked(units))))) == whole


def rows_heard(run: Run) -> list[tuple[str, str, bytes, str, int]]:
    return [(f.layer, f.kind, f.octets, f.profile, f.direction) for f in run.frames()]


@FEW
@given(data=st.data())
def test_every_chunking_of_a_line_with_sign_on(data: st.DataObject) -> None:
    """Text at both ends of an HDLC session: the same frames and messages for every chunking, by one receiver."""
    units = signed_on()
    whole = rows_heard(run_of(USER0, line_records(units)))
    assert [layer for layer, *_ in whole].count("hdlc") == len(framed())
    cut = data.draw(chunked(units))
    assert rows_heard(run_of(USER0, line_records(cut))) == whole
    assert heard(run_of(USER0, line_records(cut))) == heard(run_of(USER0, line_records(framed())))


@pytest.mark.parametrize("direction", [None, int(Direction.UNKNOWN)], ids=["two receivers", "one receiver"])
def test_a_line_with_sign_on_octet_by_octet(direction: int | None) -> None:
    """Who speaks is told by the messages where no receiver tells it."""
    units = signed_on()
    octet_ns, pause_ns = 1_041_667, 30_000_000
    single = [Sent(s.up, s.octets[i : i + 1]) for s in units for i in range(len(s.octets))]
    turn = [n for n, s in enumerate(units) for _ in s.octets]
    close = [
        msgspec.structs.replace(
            r,
            first_ns=r.no * octet_ns + n * pause_ns,
            last_ns=r.no * octet_ns + n * pause_ns,
            direction=r.direction if direction is None else direction,
        )
        for r, n in zip(line_records(single), turn)
    ]
    assert rows_heard(run_of(USER0, close)) == rows_heard(run_of(USER0, line_records(units)))
    assert heard(run_of(USER0, close)) == heard(run_of(USER0, line_records(framed())))


def test_a_piece_that_looks_like_an_apdu_is_no_apdu() -> None:
    """Found by the property above: a piece of the AARQ begins as a CIASE discover does, 1D."""
    units = framed()
    pieces = [Sent(s.up, part) for s in units[:3] for part in (s.octets[:1], s.octets[1:15], s.octets[15:]) if part]
    assert heard(run_of(USER0, line_records([*pieces, *units[3:]]))) == heard(run_of(USER0, line_records(units)))


def test_a_serial_line_octet_by_octet() -> None:
    units = framed()
    single = [Sent(s.up, s.octets[i : i + 1]) for s in units for i in range(len(s.octets))]
    octet_ns = 1_041_667
    close = [
        msgspec.structs.replace(r, first_ns=r.no * octet_ns, last_ns=r.no * octet_ns) for r in line_records(single)
    ]
    assert heard(run_of(USER0, close)) == heard(run_of(USER0, line_records(units)))


# -- fast paths equal slow paths -----------------------------------------------------------------------------

NEVER = Chain(stage.UDP_CHAIN.size, stage.UDP_CHAIN.unpack_from, 0, 1)


def bare(frames: Iterable[Frame]) -> list[Frame]:
    """Without the link layer's own value, which the fused path leaves to who asks for it."""
    return [msgspec.structs.replace(f, value=None, path=None) for f in frames]


@pytest.mark.parametrize("name", ["udp", "tcp", "tcp-hdlc"])
@settings(parent=LIGHT, max_examples=80)
@given(data=st.data())
def test_fused_equals_layer_by_layer(name: str, data: st.DataObject) -> None:
    link, packets = CAPTURES[name]
    packets = data.draw(mutated(packets))
    fused = run_of(link, records(packets))
    quick = bare(fused.frames())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stage, "UDP_CHAIN", NEVER)
        patch.setattr(stage, "TCP_CHAIN", NEVER)
        slow = bare(run_of(link, records(packets)).frames())
    assert quick == slow


def plain_lines(run: Run) -> Callable[[Any], bytes]:
    return lambda m: encode(rows.row("message", m, run)) + b"\n"


def lines_of(link: int, packets: list[bytes], write: Callable[[Run], Callable[[Any], bytes]]) -> list[bytes]:
    run = run_of(link, records(packets))
    line = write(run)
    return [line(m) for m in run.messages()]


@pytest.mark.parametrize("name", ["udp", "tcp", "text", "text-push", "serial"])
@FEW
@given(data=st.data())
def test_json_templates_equal_rows(name: str, data: st.DataObject) -> None:
    link, packets = CAPTURES[name]
    packets = data.draw(st.one_of(st.just(packets), mutated(packets)))
    quick = lines_of(link, packets, jsonl.MessageLines)
    assert quick == lines_of(link, packets, plain_lines)


def test_json_templates_equal_rows_on_real_captures(corpus: Path) -> None:
    for path in sorted(corpus.glob("pcap-*/*.pcap*")) + sorted(corpus.glob("session-hdlc/*.hex"))[:4]:
        out = []
        for write in (jsonl.MessageLines, plain_lines):
            source = open_source(str(path))
            run = Run(source, source.channels, PROFILES)
            line = write(run)
            out.append([line(m) for m in run.messages()])
            source.close()
        for quick, slow in zip(*out, strict=True):
            assert quick == slow, path.name


# -- live equals replay --------------------------------------------------------------------------------------


def file_of(packets: list[bytes], link: int) -> bytes:
    file = io.BytesIO()
    writer = PcapWriter(file, link)
    for r in records(packets):
        assert r.first_ns is not None
        writer.write(r.first_ns, r.octets)
    return file.getvalue()


def live(path: Path, pieces: list[bytes]) -> Iterator[Record]:
    """Records of a file that grows by these pieces whenever its reader has come to its end."""
    path.write_bytes(pieces[0])
    rest = iter(pieces[1:])
    source = open_source(str(path), follow=True)

    def wait(_: float) -> bool:
        piece = next(rest, None)
        if piece is None:
            source.close()
        else:
            with path.open("ab") as file:
                file.write(piece)
        return False

    source.stream.closed.wait = wait  # type: ignore[attr-defined]
    yield from source


@pytest.mark.parametrize("name", ["udp", "tcp", "serial"])
@FEW
@given(data=st.data())
def test_live_equals_replay(name: str, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    link, packets = CAPTURES[name]
    whole = file_of(packets, link)
    cuts = sorted(data.draw(st.sets(st.integers(24, len(whole) - 1), max_size=4)))
    edges = [0, *cuts, len(whole)]
    pieces = [whole[a:b] for a, b in itertools.pairwise(edges)]
    folder = tmp_path_factory.getbasetemp()
    path, still = folder / "live.pcap", folder / "still.pcap"
    still.write_bytes(whole)
    source = open_source(str(still))
    replayed, lived = (
        [encode(rows.row("exchange", e, run)) for e in run.exchanges()]
        for run in (Run(source, source.channels, PROFILES), run_of(link, live(path, pieces)))
    )
    source.close()
    assert replayed == lived
    assert replayed
