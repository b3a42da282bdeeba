"""decode: any usual way of writing hex, every layer, and a reason for what did not decode."""

import json
from pathlib import Path
from typing import Any

import pytest
from cli_run import run
from encode import xdlms
from encode.wrapper import pdu
from scripts import AARE, AARQ, DOWN, GET, GOT, UP, Link, udp

from analyzer import decode
from dissectors import profile
from dissectors.errors import CaptureError, UsageError

PROFILES = list(profile.builtin().values())
SNRM = "7E A0 07 03 21 93 0F 01 7E"
# Around another APDU: the message is the inner one. The authentication tag of the example is cut.
OPENED = {"general-signing", "general-block-transfer", "gateway"}
KEYS = ["layers", "frames", "messages", "data", "rest", "problems"]


def told(text: str, kind: str = "auto", tree: bool = False) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(decode.to_json(decode.decode(text, kind, PROFILES, tree)))
    assert list(found) == KEYS + ["tree"] * tree
    return found


def apdus(found: dict[str, Any]) -> list[str]:
    return [m["apdu"] for m in found["messages"]]


@pytest.mark.parametrize(
    "text",
    [
        SNRM, SNRM.lower(), SNRM.replace(" ", ""), SNRM.replace(" ", ","), SNRM.replace(" ", ", "),
        SNRM.replace(" ", ":"), SNRM.replace(" ", "-"), SNRM.replace(" ", "\n"), SNRM.replace(" ", "\r\n\t"),
        " ".join("0x" + x for x in SNRM.split()), ",".join("0X" + x for x in SNRM.split()),
        "".join("\\x" + x for x in SNRM.split()), "{0x7E, 0xA0, 0x7, 0x3, 0x21, 0x93, 0xF, 0x1, 0x7E}",
        '"7EA007032193 0F017E"', "[7E A0 07 03 21 93 0F 01 7E];", "0x7EA0070321930F017E", "7EA00703 21930F01 7E",
    ],
)  # fmt: skip
def test_tolerant_input(text: str) -> None:
    found = told(text)
    assert found["layers"] == ["hdlc"] and found["frames"][0]["kind"] == "SNRM"
    assert (found["rest"], found["problems"]) == ("", [])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("7E A0 0G", "'G' is no hex digit"),
        ("hello", "'h' is no hex digit"),
        ("", "nothing to decode"),
        (" , ", "nothing to decode"),
        ("7EA", "3 hex digits are no whole number of octets"),
    ],
)
def test_wrong_input(text: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        told(text)


def test_unknown_layer() -> None:
    with pytest.raises(UsageError, match="decode --as nonsense: expected one of auto, hdlc"):
        told(SNRM, "nonsense")


def test_several_frames_and_a_hole_between() -> None:
    link = Link()
    frames = [octets for _, octets in [*link.up(), *link.talk((UP, AARQ), (DOWN, AARE))]]
    found = told(b"".join(frames).hex())
    assert [f["kind"] for f in found["frames"]] == ["SNRM", "UA", "I", "I"]
    assert apdus(found) == ["aarq", "aare"]
    assert found["layers"][:2] == ["hdlc", "llc"] and "acse" in found["layers"]
    found = told((frames[0] + b"\x11\x22" + frames[1]).hex())
    assert [f["kind"] for f in found["frames"]] == ["SNRM", "noise", "UA"] and found["rest"] == "1122"


def test_shared_flag() -> None:
    link = Link()
    frames = [octets for _, octets in link.up()]
    assert [f["kind"] for f in told((frames[0] + frames[1][1:]).hex())["frames"]] == ["SNRM", "UA"]


def test_wrapper() -> None:
    found = told((pdu(GET) + pdu(GOT, 1, 16)).hex())
    assert found["layers"] == ["wrapper", "xdlms"]
    assert apdus(found) == ["get-request-normal", "get-response-normal"]
    assert [(f["source"], f["destination"], f["messages"]) for f in found["frames"]] == [(16, 1, [1]), (1, 16, [2])]


def test_bare_apdus() -> None:
    found = told((AARQ + AARE + GET + GOT).hex())
    assert apdus(found) == ["aarq", "aare", "get-request-normal", "get-response-normal"]
    assert set(found["layers"]) >= {"acse", "xdlms"} and found["rest"] == ""


@pytest.mark.parametrize(("header", "direction"), [("E6E600", 0), ("E6E700", 1)])
def test_llc_before_an_apdu(header: str, direction: int) -> None:
    apdu = (GET, GOT)[direction]
    for kind in ("auto", "llc"):
        found = told(header + apdu.hex(), kind)
        assert apdus(found) == [("get-request-normal", "get-response-normal")[direction]]


@pytest.mark.parametrize("name", xdlms.EXAMPLES)
def test_every_choice_is_named(name: str) -> None:
    found = told(xdlms.example(name).hex(" "), "apdu")
    bare = name.partition(" ")[0]
    assert len(found["messages"]) == 1 and found["rest"] == ""
    assert (apdus(found) == [bare]) != (bare in OPENED and "acknowledgement" not in name)


def test_data() -> None:
    found = told("0600000001", "data")
    assert (found["layers"], found["data"]) == (["data"], {"type": "double-long-unsigned", "value": 1})
    found = told("1105 1106", "data")
    assert [value["value"] for value in found["data"]] == [5, 6]
    found = told("1105 06 00", "data", True)
    assert found["data"]["value"] == 5 and found["problems"][0]["code"] == "apdu.trunc"
    assert found["tree"][0]["text"] != ""


def test_layers_below() -> None:
    packet = udp(pdu(GET))
    found = told(packet.hex(), "ethernet", True)
    assert found["layers"][:3] == ["ethernet", "ipv4", "udp"]
    assert [node["field"] for node in found["tree"]][:3] == ["ethernet", "ipv4", "udp"]
    found = told("68 03 03 68 08 05 72 7F 16", "mbus")
    assert found["layers"][0] == "mbus"


@pytest.mark.parametrize(
    ("octets", "kind", "code"),
    [
        ("7EA007032193 0F02 7E", "auto", "hdlc.fcs"),
        ("7EA00703", "hdlc", "hdlc.trunc"),
        ("0001001000010020C001", "auto", "wrapper.trunc"),
        ("C001C1", "auto", "apdu.trunc"),
        ("C401C1000600000001EE", "auto", "apdu.trail"),
        ("FEFEFE", "auto", "profile.none"),
        ("FEFEFE", "apdu", "apdu.tag"),
        ("C8 1E 30 01234567 411312FF935A47566827C467BC7D825C3BE4A77C3FCC056B6B", "auto", "apdu.undissected"),
    ],
)
def test_what_did_not_decode_says_why(octets: str, kind: str, code: str) -> None:
    found = told(octets, kind)
    assert code in [p["code"] for p in found["problems"]], found["problems"]
    assert all(p["text"] for p in found["problems"])


def test_garbage_says_what_was_expected() -> None:
    found = told("FE FE FE")
    assert found["rest"] == "FEFEFE" and "first octet 0xFE is neither an HDLC flag" in found["problems"][0]["text"]


@pytest.mark.parametrize("kind", decode.KINDS)
def test_no_octets_crash_any_layer(kind: str) -> None:
    for octets in ("00", "7E", "7E7E7E7E", "FF" * 40, "0001" * 20, "A0", "E6E700", "60", "C0", "DB08", "00" * 300):
        told(octets, kind, True)


def test_tree_nodes() -> None:
    found = told(SNRM, "auto", True)
    hdlc = found["tree"][0]
    assert list(hdlc) == ["field", "label", "start", "end", "buffer", "text", "children"]
    assert (hdlc["field"], hdlc["start"], hdlc["buffer"]) == ("hdlc", 0, "frame")
    assert "hdlc.destination" in [child["field"] for child in hdlc["children"]]


def test_text_for_a_person() -> None:
    text = decode.to_text(decode.decode((pdu(GET) + pdu(GOT, 1, 16)).hex(), "auto", PROFILES, True)).decode()
    for words in ("layers: wrapper / xdlms", "frame 1: wrapper wrapper, 21 octets", "  16 → 1, client-to-server",
                  "message 1: get-request-normal, invoke id 1", "class-id: 3", "tree:"):  # fmt: skip
        assert words in text
    text = decode.to_text(decode.decode("FE", "auto", PROFILES)).decode()
    assert "rest that no layer took: FE" in text and "note profile.none at frame octet 0" in text
    assert "data: " in decode.to_text(decode.decode("1105", "data", PROFILES)).decode()


def test_wire_text_is_escaped() -> None:
    apdu = bytes.fromhex("C401C1000A04") + b"\x1b[2J"
    text = decode.to_text(decode.decode(apdu.hex(), "auto", PROFILES, True)).decode()
    assert "\x1b" not in text


def test_file_and_standard_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import io

    path = tmp_path / "frame.txt"
    path.write_text(SNRM)
    assert decode.read_text([f"@{path}"]) == SNRM
    assert decode.read_text(["7E", "A0"]) == "7E A0"
    monkeypatch.setattr("sys.stdin", io.StringIO(SNRM))
    assert decode.read_text(["-"]) == SNRM
    with pytest.raises(CaptureError, match="No such file"):
        decode.read_text([f"@{tmp_path}/none"])
    assert run("decode", "--format", "json", SNRM).code == 0
    assert run("decode", f"@{tmp_path}/none").code == 3
    assert run("decode", "xyz").code == 2
