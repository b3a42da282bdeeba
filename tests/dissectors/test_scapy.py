"""scapy packets of our layers: built as the standard has it, dissected as our dissectors do, and built back."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from encode import axdr, hdlc, wrapper
from encode.xdlms import EXAMPLES, example
from hypothesis import given
from hypothesis import strategies as st
from pdus import pdus
from scapy.config import conf
from scapy.layers.inet import IP, TCP, UDP
from scapy.packet import Packet, Raw

from captures import linktype
from captures.source import open_source
from dissectors import apdus, profile
from dissectors.acse_fields import AARQ_TAG
from dissectors.context import EMPTY
from dissectors.cursor import Cursor
from dissectors.data_types import Data
from dissectors.errors import UsageError
from dissectors.link import hdlc as our_hdlc
from dissectors.link import wrapper as our_wrapper
from dissectors.link.stage import LinkStage
from dissectors.problem import APDU_NOTIFICATION_TIME, APDU_TRUNC, Severity
from dissectors.scapy_fields import (
    DataField,
    Length,
    Octets,
    WrittenData,
    WrittenNumber,
    WrittenOctets,
    encode,
)
from dissectors.scapy_layers import (
    Aarq,
    AarqComponent,
    AttributeDescriptor,
    Ciphered,
    ConfirmedServiceError,
    DataNotification,
    DlmsHdlc,
    DlmsLlc,
    DlmsWrapper,
    ExceptionResponse,
    GeneralBlockTransfer,
    GeneralGloCiphering,
    GetRequestNext,
    GetRequestNormal,
    GetRequestWithList,
    GetResponseNormal,
    HdlcParameter,
    HdlcParameters,
    HdlcReject,
    RtacSerial,
    SetRequestNormal,
    Xdlms,
    hdlc_on,
)
from dissectors.tags import TAGS

ROOT = Path(__file__).resolve().parents[2]
DEMO = sorted((ROOT / "captures" / "demo").glob("*.pcapng"))
CHECK = {"hcs", "fcs"}


def rebuilt(packet: Packet, link: bool = False) -> bytes:
    """The packet built from its fields alone, all lengths, counts and check sequences computed again.

    link: those of the link layer alone; an APDU in a good frame need not be good."""
    packet.clear_cache()
    layer: Any = packet
    while layer and not (link and "tag" in layer.fields):
        blank(layer)
        layer = layer.payload
    return bytes(packet)


def blank(layer: Any) -> None:
    for field in layer.fields_desc:
        value = layer.fields.get(field.name)
        if field.name in CHECK | {"length"} and not isinstance(value, WrittenNumber):
            if not (isinstance(layer, HdlcParameter) and field.name == "length"):  # its value may have leading zeros
                layer.fields[field.name] = None
        elif isinstance(field, Length) and not isinstance(value, WrittenNumber):
            layer.fields[field.name] = None
        for part in value if isinstance(value, list) else ():
            blank(part)


def ours(octets: bytes) -> tuple[Any, tuple[Any, ...]]:
    c = Cursor(octets, 0, len(octets), APDU_TRUNC, "apdu")
    return apdus.dissect(c, EMPTY), c.problems


def sound(problems: tuple[Any, ...]) -> bool:
    """Whether the octets are as the standard has them, whatever they say."""
    return all(p.severity < Severity.WARNING and p.kind != APDU_NOTIFICATION_TIME for p in problems)


# -- APDUs: each example, and each APDU of the corpus and of the demo ---------------------------------------


def agree(octets: bytes) -> None:
    """The packet says what our dissector says."""
    packet: Any = Xdlms(octets)
    apdu, problems = ours(octets)
    assert packet.tag == octets[0]
    if type(packet) is Xdlms or not sound(problems):
        return
    assert not packet.payload, apdu.name  # nothing is left over
    fields: dict[str, Any] = packet.fields
    assert packet.sprintf("%choice%" if "choice" in fields else "%tag%") == apdu.name
    if apdu.invoke_id >= 0:
        assert apdu.invoke_id == fields.get("invoke_id", fields.get("long_invoke_id"))
        assert apdu.confirmed == bool(packet.service_class)
    if apdu.class_id >= 0:
        assert (apdu.class_id, apdu.obis) == (packet.class_id, packet.instance_id)
        assert (apdu.attribute, apdu.method) == (fields.get("attribute_id"), fields.get("method_id"))
    if apdu.data is not None:
        value = packet.data if apdu.service != "set" else packet.value
        assert encode(value) == octets[slice(*apdu.data)]
    if apdu.block is not None and apdu.service != "block":
        assert apdu.block.number == packet.block_number
        if apdu.block.data != (0, 0):
            assert packet.raw_data == octets[slice(*apdu.block.data)] and apdu.block.last == bool(packet.last_block)
    if apdu.items is not None:
        lists = [value for value in fields.values() if isinstance(value, list)]
        assert {len(found) for found in lists} == {len(apdu.items)}
    for name in ("result", "data_access_result"):
        if name in fields and apdu.result is not None and apdu.items is None and apdu.service != "action":
            assert packet.sprintf(f"%{name}%") == apdu.result
    if apdu.service == "ciphered" and "protected_octets" in fields:
        assert packet.protected_octets == octets[slice(*apdu.detail.protected)]
        assert getattr(packet, "system_title", b"") == apdu.detail.system_title
        assert fields.get("invocation_counter", -1) == apdu.detail.counter


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_example_is_built_back_and_read_alike(name: str) -> None:
    octets = example(name)
    agree(octets)
    if "tagged-date" not in name:
        assert rebuilt(Xdlms(octets)) == octets


def test_every_choice_of_get_set_and_action_has_its_packet() -> None:
    for tag, choices in apdus.CHOICES.items():
        for choice in choices:
            assert type(Xdlms(bytes((tag, choice)) + bytes(40))) is not Xdlms
    assert type(Xdlms(b"\xc0\x09\xc1")) is Xdlms and type(Xdlms(b"\x05\x01")) is Xdlms and type(Xdlms()) is Xdlms


def recorded(corpus: Path) -> list[Path]:
    index = json.loads((corpus / "index.json").read_text(encoding="utf-8"))
    return [*DEMO, *sorted({corpus / item["file"] for item in index["items"]})]


def test_apdus_of_the_corpus_and_the_demo(corpus: Path) -> None:
    seen: dict[str, int] = {}
    wrong = []
    for path in recorded(corpus):
        for pdu in pdus(path):
            if pdu.event or not pdu.octets or not sound(ours(pdu.octets)[1]):
                continue
            packet = Xdlms(pdu.octets)
            seen[packet.name] = seen.get(packet.name, 0) + 1
            agree(pdu.octets)
            if rebuilt(packet) != pdu.octets:
                wrong.append((path.name, pdu.frames, packet.name))
    assert not wrong
    assert sum(seen.values()) > 300 and len(seen) > 12, seen


def frames(path: Path) -> Iterator[Any]:
    source = open_source(str(path))
    try:
        yield from LinkStage(source.channels, list(profile.builtin().values())).frames(source)
    finally:
        source.close()


def test_frames_of_the_corpus_and_the_demo(corpus: Path) -> None:
    """Good HDLC frames and wrapper PDUs: built back from their fields, addresses and numbers as we read them."""
    wrong, count = [], {"hdlc": 0, "wrapper": 0}
    for path in recorded(corpus):
        for frame in frames(path):
            value = frame.value
            if frame.layer == "hdlc" and isinstance(value, our_hdlc.Hdlc) and value.good:
                packet: Any = DlmsHdlc(frame.octets)
                told = (packet.kind, packet.ns, packet.nr, packet.poll, bool(packet.segmented), packet.length)
                assert told == (value.kind, value.ns, value.nr, value.poll, value.segmented, value.length)
                assert (packet.destination, packet.source) == (value.destination, value.source)
            elif frame.layer == "wrapper" and isinstance(value, our_wrapper.Wrapper) and not frame.problems:
                packet = DlmsWrapper(frame.octets)
                told = (packet.version, packet.source, packet.destination, packet.length)
                assert told == (value.version, value.source, value.destination, value.length)
                assert bytes(packet.payload) == frame.octets[slice(*value.apdu)]
            else:
                continue
            count[frame.layer] += 1
            if bytes(DlmsHdlc(frame.octets) if frame.layer == "hdlc" else packet) != frame.octets:
                wrong.append((path.name, frame.no, "as it was"))
            if rebuilt(packet, link=True) != frame.octets:
                wrong.append((path.name, frame.no, frame.kind))
    assert not wrong
    assert count["hdlc"] > 200 and count["wrapper"] > 100, count


# -- the wrapper and its transports ----------------------------------------------------------------------


def test_a_wrapper_on_tcp_and_udp() -> None:
    for transport in (TCP, UDP):
        packet = IP() / transport() / DlmsWrapper(source=16, destination=1) / Raw(b"\xc0\x02\xc1\0\0\0\1")
        assert packet[transport].dport == 4059
        assert bytes(packet[DlmsWrapper]) == wrapper.pdu(b"\xc0\x02\xc1\0\0\0\1")
        again = IP(bytes(packet))
        assert again[DlmsWrapper].length == 7 and again[GetRequestNext].block_number == 1
        back = IP(bytes(IP() / transport(sport=4059, dport=50000) / bytes(packet[DlmsWrapper])))
        assert back[DlmsWrapper].source == 16
    assert DlmsWrapper(source=1, length=99).mysummary() == "DLMS wrapper 1 > 1"
    assert bytes(DlmsWrapper(length=99) / b"x")[6:8] == b"\0\x63"
    two = DlmsWrapper(wrapper.pdu(b"\xd8\1\1", 1, 16) * 2)
    assert two[ExceptionResponse].service_error == 1 and bytes(two)[11:] == wrapper.pdu(b"\xd8\1\1", 1, 16)


def test_scapys_default_port_does_not_hide_us() -> None:
    import scapy.layers.dns  # noqa: F401  # binds UDP port 53, scapy's default source port

    assert DlmsWrapper in UDP(bytes(UDP() / DlmsWrapper() / ExceptionResponse()))


def test_hdlc_on_a_tcp_port_and_on_link_types() -> None:
    hdlc_on(4060)
    frame = DlmsHdlc(destination=(1, 17), kind="SNRM")
    packet = IP(bytes(IP() / TCP(dport=4060) / frame))
    assert packet[DlmsHdlc].kind == "SNRM"
    assert (IP() / TCP() / frame)[TCP].dport == 4060
    assert conf.l2types.num2layer[linktype.USER0] is DlmsHdlc
    assert conf.l2types.num2layer[linktype.RTAC_SERIAL] is RtacSerial
    head = linktype.RTAC_HEADER.pack(5, 6, linktype.Event.RX_START, 1, 0)
    record = RtacSerial(head + bytes(frame))
    assert (record.seconds, record.microseconds, record.event, record.control_lines) == (5, 6, 2, 1)
    assert record[DlmsHdlc].destination.lower == 17
    assert RtacSerial(head + b"noise")[Raw].load == b"noise"


def test_scapy_reads_the_demo_by_its_link_type() -> None:
    from scapy.utils import rdpcap

    packets = rdpcap(str(ROOT / "captures" / "demo" / "hdlc-serial.pcapng"))
    kinds = [packet[DlmsHdlc].kind for packet in packets if DlmsHdlc in packet]
    assert kinds[:4] == ["SNRM", "UA", "I", "I"] and len(kinds) > 130


# -- HDLC --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "octets"),
    [
        (16, "21"), ((1, 17), "0223"), ((1, 17, 4), "00020023"), ((1, 0x3FFF), "0002FEFF"), ((127, 127), "FEFF"),
        ((0, 200), "00000291"), (bytes.fromhex("020401"), "020401"),
    ],
)  # fmt: skip
def test_addresses(address: Any, octets: str) -> None:
    frame = bytes(DlmsHdlc(destination=address, kind="DISC"))
    assert frame[3 : 3 + len(octets) // 2].hex().upper() == octets
    assert DlmsHdlc(frame).destination == our_hdlc.address(bytes.fromhex(octets))


@pytest.mark.parametrize("address", [128, -1, (1, 2, 3), (1, 2, 3, 4), (), (200, 1, 2), (1, -1, 2), (1, 1 << 14), "x"])
def test_addresses_that_cannot_be(address: Any) -> None:
    with pytest.raises((UsageError, TypeError)):
        DlmsHdlc(destination=address)


@pytest.mark.parametrize("octet", range(256))
def test_every_control_octet(octet: int) -> None:
    control = our_hdlc.CONTROLS[octet]
    frame = DlmsHdlc(destination=1, kind=control.kind, ns=max(0, control.ns), nr=max(0, control.nr), poll=control.poll)
    assert bytes(frame)[5] == octet
    again = DlmsHdlc(bytes(frame))
    assert (again.kind, again.ns, again.nr, again.poll) == control
    assert control.kind in again.mysummary()


def test_frames_are_those_of_the_encoder() -> None:
    apdu = example("get-request-normal")
    frame = DlmsHdlc(destination=(1, 17), source=16, ns=3, nr=5) / DlmsLlc() / Xdlms(apdu)
    assert bytes(frame) == hdlc.frame("I", True, b"\xe6\xe6\0" + apdu, 3, 5, server=(1, 17, 2))
    assert frame.mysummary() == "HDLC I N(S) 3 N(R) 5"
    shared = DlmsHdlc(destination=16, source=(1, 17), kind="RR", nr=2, opening=None, closing=None)
    whole = hdlc.frame("RR", False, nr=2, server=(1, 17, 2))
    assert bytes(shared) == whole[1:-1]
    assert "opening   = none" in shared.show(dump=True) and "fcs       = computed" in shared.show(dump=True)


def test_a_first_segment_is_no_whole_apdu() -> None:
    frame = DlmsHdlc(destination=16, source=(1, 17), segmented=1) / DlmsLlc(source=0xE7) / b"\xc4\x01\xc1\0\x01\xff"
    again = DlmsHdlc(bytes(frame))
    assert again.segmented and again[Raw].load == b"\xc4\x01\xc1\0\x01\xff" and "segmented" in again.mysummary()
    more = DlmsHdlc(bytes(DlmsHdlc(destination=16, source=(1, 17)) / b"middle"))
    assert more[Raw].load == b"middle"


def test_parameters_of_snrm_and_ua() -> None:
    sizes = [HdlcParameter(identifier=i, value=v) for i, v in ((5, 128), (6, 1024), (7, 1), (8, 1))]
    frame = DlmsHdlc(destination=(1, 17), kind="SNRM") / HdlcParameters(parameters=sizes)
    octets = bytes(frame)
    assert octets[9:-3].hex() == "8180" + "13" + "050180" + "06020400" + "070400000001" + "080400000001"
    value = our_hdlc.dissect(Cursor(octets, 0, len(octets), APDU_TRUNC, "frame"), EMPTY)
    assert value.good and value.detail == our_hdlc.Negotiation(128, 1024, 1, 1)
    again = DlmsHdlc(octets)
    assert [p.value for p in again[HdlcParameters].parameters] == [128, 1024, 1, 1]
    assert bytes(HdlcParameter(identifier=0xF0, value=b"12345")) == b"\xf0\x0512345"
    long = HdlcParameters(bytes.fromhex("818007F00512345678 9A".replace(" ", "")))
    assert long.parameters[0].value == bytes.fromhex("123456789A")
    assert bytes(HdlcParameter(identifier=7, length=1, value=1)) == b"\x07\x01\x01"
    user = DlmsHdlc(bytes(DlmsHdlc(destination=1, kind="UA") / b"\xf0user"))
    assert user[Raw].load == b"\xf0user"


def test_frame_reject() -> None:
    frame = DlmsHdlc(
        bytes(DlmsHdlc(destination=16, source=(1, 17), kind="FRMR") / HdlcReject(control=0x10, vr=3, reason=1))
    )
    octets = bytes(frame)
    value = our_hdlc.dissect(Cursor(octets, 0, len(octets), APDU_TRUNC, "frame"), EMPTY)
    assert value.detail == our_hdlc.Reject(0x10, 0, 3, False, 1)
    assert frame[HdlcReject].mysummary() == "rejected I: W: control field not implemented"


def test_frames_that_are_wrong_on_purpose() -> None:
    frame = DlmsHdlc(destination=1, kind="RR", fcs=0x1234)
    assert bytes(frame)[-3:-1] == b"\x34\x12"
    assert DlmsHdlc(bytes(frame)).fcs == 0x1234
    assert bytes(DlmsHdlc(destination=1, kind="RR", hcs=1))[6:8] == b"\x01\x00"
    assert bytes(DlmsHdlc(destination=1, kind="RR", length=99))[2] == 99
    cut = DlmsHdlc(bytes(DlmsHdlc(destination=1) / b"information")[:-4])
    assert cut.fcs is None and cut.hcs is None and cut[Raw].load.endswith(b"informatio")
    two = bytes(DlmsHdlc(destination=1, kind="RR")) * 2
    assert bytes(DlmsHdlc(two)) == two
    for wrong in ({"kind": "HELLO"},):
        with pytest.raises(UsageError, match="expected one of DISC, DM"):
            DlmsHdlc(**wrong)
    with pytest.raises(UsageError, match="expected sequence numbers 0 to 7"):
        bytes(DlmsHdlc(ns=8))
    with pytest.raises(UsageError, match="expected at most 2047, use segments"):
        bytes(DlmsHdlc() / bytes(2048))


@given(st.data())
def test_damaged_frames_are_built_back_too(choose: Any) -> None:
    """Octets turned, lost and added anywhere: in TCP nothing raises, and what scapy makes of it has all octets."""
    apdu = example(choose.draw(st.sampled_from(("get-request-normal", "get-response-with-list", "aarq"))))
    info = choose.draw(st.sampled_from((b"", b"x", b"\xe6\xe6\0" + apdu, hdlc.parameters())))
    kind = choose.draw(st.sampled_from(("I", "RR", "SNRM", "UA", "FRMR", "UI")))
    octets = bytearray(hdlc.frame(kind, info=info))
    for at, value in choose.draw(st.lists(st.tuples(st.integers(0, len(octets) - 1), st.integers(0, 255)), max_size=4)):
        octets[at] = value
    frame = bytes(octets[: choose.draw(st.integers(1, len(octets)))]) + choose.draw(st.binary(max_size=3))
    hdlc_on(4061)
    again = TCP(bytes(TCP(dport=4061) / Raw(frame)))
    assert bytes(again.payload) == frame
    whole = UDP(bytes(UDP(dport=4059) / Raw(frame)))
    assert bytes(whole.payload) == frame


# -- APDUs built -------------------------------------------------------------------------------------------


def test_requests_are_built_from_words() -> None:
    get = GetRequestNormal(class_id=3, instance_id="1-0:1.8.0*255")
    assert bytes(get) == example("get-request-normal")
    assert "1-0:1.8.0*255" in get.show(dump=True)
    chosen = GetRequestNormal(class_id=7, instance_id="1-0:99.1.0*255", access_selection=1, access_selector=2)
    chosen.access_parameters = Data("structure", [Data("double-long-unsigned", 1), Data("long-unsigned", 2)])
    assert bytes(chosen)[-11:].hex() == "02020206000000011200" + "02"
    listed = GetRequestWithList(attributes=[AttributeDescriptor(class_id=8)] * 200)
    octets = bytes(listed)
    assert octets[3:5] == b"\x81\xc8" and len(Xdlms(octets).attributes) == 200
    with pytest.raises(UsageError, match=r"expected six octets or a text such as 1-0:1\.8\.0"):
        GetRequestNormal(instance_id="energy")
    with pytest.raises(UsageError, match="expected a Data such as"):
        SetRequestNormal(value=5)


def test_responses_and_notifications() -> None:
    assert bytes(GetResponseNormal(result_choice=1, data_access_result="read-write-denied")) == example(
        "get-response-normal error"
    )
    push = DataNotification(long_invoke_id=7, data=Data("structure", [Data("unsigned", 1)]))
    assert ours(bytes(push))[0].invoke_id == 7
    assert "structure(unsigned 1)" in push.show(dump=True)
    error = Xdlms(example("confirmed-service-error"))
    assert isinstance(error, ConfirmedServiceError) and error.mysummary() == "initiate dlms-version-too-low"
    block = GeneralBlockTransfer(last_block=1, window=3, block_number=2, block_data=b"abc")
    assert bytes(block).hex() == "e0830002000003616263"
    aarq = Aarq(components=[AarqComponent(contents=b"\2\1\0"), AarqComponent(tag="user-information", contents=b"")])
    assert bytes(aarq).hex() == "6007" + "8003020100" + "be00"


def test_ciphered_heads() -> None:
    made = GeneralGloCiphering(system_title=b"MMM\0\0\xbcaN", invocation_counter=7, protected_octets=b"12345")
    octets = bytes(made)
    apdu, _ = ours(octets)
    assert (apdu.detail.counter, apdu.detail.control) == (7, 0x30) and made.encryption
    assert octets[slice(*apdu.detail.protected)] == b"12345"
    plain = Ciphered(tag="glo-set-request", encryption=0, authentication=0, protected_octets=b"x")
    assert bytes(plain) == b"\xc9\x02\x00x"
    assert Xdlms(bytes(plain)).protected_octets == b"x"
    assert ExceptionResponse(service_error=6, invocation_counter=5).invocation_counter == 5


# -- Data and lengths ---------------------------------------------------------------------------------------

SCALARS = st.one_of(
    st.integers(0, 255).map(lambda n: Data("unsigned", n)),
    st.integers(-(1 << 63), (1 << 63) - 1).map(lambda n: Data("long64", n)),
    st.binary(max_size=200).map(lambda octets: Data("octet-string", octets.hex().upper())),
    st.text("01", max_size=40).map(lambda bits: Data("bit-string", bits)),
    st.text(max_size=20).map(lambda words: Data("utf8-string", words)),
    st.floats(width=32, allow_nan=False, allow_infinity=False).map(lambda number: Data("float32", number)),
    st.sampled_from((Data("null-data", None), Data("boolean", True), Data("bcd", "42"), Data("dont-care", None))),
)
DATA = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=5).map(lambda parts: Data("structure", parts)), max_leaves=20
)


@given(DATA)
def test_data_is_written_as_by_the_other_encoder_and_read_back(value: Data) -> None:
    octets = encode(value)
    assert octets == axdr.data(value)
    assert DataField("data").getfield(Raw(), octets + b"rest") == (b"rest", value)


@given(st.binary(max_size=60))
def test_any_octets_as_data_are_kept(octets: bytes) -> None:
    field = DataField("data")
    rest, value = field.getfield(Raw(), octets)
    assert field.addfield(Raw(), b"", value) + rest == octets


def test_encodings_that_are_not_ours_are_kept() -> None:
    for text, kind in (("03FF", "boolean"), ("09810141", "octet-string"), ("13110205" + "01", "compact-array")):
        octets = bytes.fromhex(text)
        _, value = DataField("data").getfield(Raw(), octets)
        assert isinstance(value, WrittenData | bytes) and DataField("data").addfield(Raw(), b"", value) == octets, kind
    octets = b"\x81\x03abc"
    rest, kept = Octets("x").getfield(Raw(), octets + b"!")
    assert (rest, kept) == (b"!", b"abc") and isinstance(kept, WrittenOctets)
    assert Octets("x").addfield(Raw(), b"", kept) == octets and Octets("x").i2repr(None, kept) == "616263"
    for cut in (b"\x05ab", b"\x80", b""):
        rest, kept = Octets("x").getfield(Raw(), cut)
        assert rest == b"" and Octets("x").addfield(Raw(), b"", kept) == cut
    number = Length("n", lambda pkt: 0)
    assert number.addfield(Raw(), b"", number.getfield(Raw(), b"\x81\x05")[1]) == b"\x81\x05"
    assert number.getfield(Raw(), b"\x80ab")[0] == b"\x80ab"


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (Data("watt", 1), "expected one of null-data"), (Data("unsigned", 256), "too big"),
        (Data("octet-string", "XY"), "non-hexadecimal"), (Data("array", 5), "has no len"),
        (Data("compact-array", [], "long"), "not built"), (Data("visible-string", 5), "encode"),
    ],
)  # fmt: skip
def test_data_that_cannot_be_written(value: Data, why: str) -> None:
    with pytest.raises(UsageError, match=why):
        encode(value)


def test_octets_stand_for_any_data() -> None:
    assert bytes(GetResponseNormal(data=bytes.fromhex("1305")))[-2:] == b"\x13\x05"
    shown = GetResponseNormal(data=b"\x13\x05").show(dump=True)
    assert "1305" in shown
    assert Octets("x").any2i(None, [1, 2]) == b"\1\2"


# -- the page, and start-up --------------------------------------------------------------------------------


def test_the_examples_of_the_page_run() -> None:
    """docs/scapy.md: its code in one session, in order; each "# →" is the value of its line."""
    text = (ROOT / "docs" / "scapy.md").read_text(encoding="utf-8")
    session: dict[str, Any] = {}
    checked = 0
    for code in re.findall(r"^```python\n(.*?)^```", text, re.M | re.S):
        for line in code.splitlines():
            expression, arrow, value = line.partition("  # → ")
            if arrow:
                assert str(eval(expression, session)) == value, expression
                checked += 1
            else:
                exec(line, session)
    assert checked > 8


def test_the_program_never_loads_it() -> None:
    code = "import sys, analyzer.cli, analyzer.run, analyzer.dump; print('scapy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_scapy_all_is_not_needed() -> None:
    code = "import sys, dissectors.scapy_layers; print('scapy.all' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_names_are_those_of_the_dissectors() -> None:
    assert GetRequestNormal().get_field("tag").i2s == TAGS
    assert Aarq().tag == AARQ_TAG and Aarq().sprintf("%tag%") == "aarq"
