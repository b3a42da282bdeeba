"""The objects view: counts, last values and times by object and server."""

from pathlib import Path as File

import pytest
import talk
from cli_run import run
from encode import axdr, xdlms
from talk import Talk, arr, captured, os, scaler, st, u16, u32

from analyzer.known_objects import parse
from analyzer.objects import Objects, Seen
from dissectors.data_types import Data
from dissectors.record import Direction, Path

IMPORT, VOLTAGE = "1-0:1.8.0*255", "1-0:32.7.0*255"
DEMO = File(__file__).resolve().parents[2] / "captures" / "demo"


def rows(t: Talk, objects: Objects | None = None) -> dict[tuple[str | None, int | None, int | None], Seen]:
    objects = objects or Objects({})
    for _ in objects.messages(t.messages):
        pass
    return {(seen.obis, seen.attribute, seen.method): seen for seen in objects.rows()}


def counts(seen: Seen) -> tuple[int, int, int, int]:
    return seen.reads, seen.writes, seen.pushes, seen.errors


def test_reads_errors_and_the_last_value_with_a_scaler_that_came_later() -> None:
    t = Talk().get(3, VOLTAGE, 2, u16(2300)).get(3, VOLTAGE, 2, 3).get(3, VOLTAGE, 2, u16(2304))
    found = rows(t.get(3, VOLTAGE, 3, scaler(-1, 35)))
    seen = found[VOLTAGE, 2, None]
    assert counts(seen) == (2, 0, 0, 1)
    assert (seen.text, seen.value) == ("230.4 V", {"type": "long-unsigned", "value": 2304})
    assert (seen.class_name, seen.attribute_name, seen.name) == ("Register", "value", "Voltage L1: Instantaneous value")
    assert (seen.first_ns, seen.last_ns) == (100 * talk.MS, 501 * talk.MS)


def test_what_was_written_is_the_last_value() -> None:
    name = "0-0:96.1.1*255"
    found = rows(Talk().get(1, name, 2, u16(7)).set(1, name, 2, u16(12)).set(1, name, 2, u16(13), 3))
    assert counts(found[name, 2, None]) == (1, 1, 0, 1)
    assert found[name, 2, None].value["value"] == 12


def test_methods_have_rows_of_their_own() -> None:
    found = rows(Talk().action(70, "0-0:96.3.10*255", 1, talk.i8(0)).action(70, "0-0:96.3.10*255", 2, talk.i8(0), 3))
    assert counts(found["0-0:96.3.10*255", None, 1]) == (0, 1, 0, 0)
    assert counts(found["0-0:96.3.10*255", None, 2]) == (0, 0, 0, 1)
    assert found["0-0:96.3.10*255", None, 1].attribute_name == "remote_disconnect"


def test_lists_count_by_item() -> None:
    found = rows(Talk().get_list([(3, VOLTAGE, 2, u16(2304)), (3, IMPORT, 2, 4), (3, VOLTAGE, 3, scaler(-1, 35))]))
    assert counts(found[VOLTAGE, 2, None]) == (1, 0, 0, 0) and found[VOLTAGE, 2, None].text == "230.4 V"
    assert counts(found[IMPORT, 2, None]) == (0, 0, 0, 1)


def test_access_counts_by_item() -> None:
    voltage, label = talk.code(VOLTAGE), talk.code("0-0:96.1.1*255")
    request = (
        bytes.fromhex("D94000000100")
        + b"\2" + b"\1" + xdlms.attribute(3, voltage, 2) + b"\2" + xdlms.attribute(1, label, 2)
        + b"\2" + b"\0" + axdr.data(u16(12))
    )  # fmt: skip
    response = bytes.fromhex("DA400000010000") + b"\2" + axdr.data(u16(2304)) + b"\0" + bytes.fromhex("0201000200")
    found = rows(Talk().add(request, Direction.TO_SERVER).add(response, Direction.TO_CLIENT))
    assert counts(found[VOLTAGE, 2, None]) == (1, 0, 0, 0)
    assert counts(found["0-0:96.1.1*255", 2, None]) == (0, 1, 0, 0)
    assert found["0-0:96.1.1*255", 2, None].value["value"] == 12


def test_a_block_transfer_counts_once_and_shows_the_joined_value() -> None:
    raw = axdr.data(os(b"ABCDEFGHIJ"))
    target = xdlms.attribute(1, talk.code("0-0:42.0.0*255"), 2)
    t = Talk().add(xdlms.get_request_normal(1, target), Direction.TO_SERVER)
    t.add(xdlms.get_response_with_datablock(1, False, 1, raw[:5]), Direction.TO_CLIENT)
    t.add(bytes.fromhex("C00201") + (1).to_bytes(4, "big"), Direction.TO_SERVER)
    t.add(xdlms.get_response_with_datablock(1, True, 2, raw[5:]), Direction.TO_CLIENT)
    seen = rows(t)["0-0:42.0.0*255", 2, None]
    assert counts(seen) == (1, 0, 0, 0)
    assert seen.text == "ABCDEFGHIJ"


def test_pushes_are_broken_down_and_join_the_object_that_was_read() -> None:
    t = Talk().push(st(os(IMPORT), u32(5), os(VOLTAGE), u16(230))).get(3, VOLTAGE, 3, scaler(-1, 35))
    found = rows(t.get(3, VOLTAGE, 2, u16(2299)))
    assert counts(found[VOLTAGE, 2, None]) == (1, 0, 1, 0)
    assert found[VOLTAGE, 2, None].text == "229.9 V" and found[VOLTAGE, 2, None].class_id == 3
    unknown = found[IMPORT, None, None]
    assert counts(unknown) == (0, 0, 1, 0)
    assert (unknown.class_id, unknown.class_name, unknown.text) == (None, None, "5")


def test_a_push_by_its_list_from_another_port_of_the_meter() -> None:
    t = Talk().get(3, VOLTAGE, 3, scaler(-1, 35))
    body = st(arr(captured(40, "0-0:25.9.0*255"), captured(3, VOLTAGE)), u16(2304))
    found = rows(t.push(body, Path(7, "tcp", "10.0.1.7:61234", "10.0.0.1:4059")))
    assert counts(found[VOLTAGE, 2, None]) == (0, 0, 1, 0) and found[VOLTAGE, 2, None].text == "230.4 V"


def read(variable: str, value: bytes) -> tuple[bytes, bytes]:
    return bytes.fromhex("050102" + variable), b"\x0c\x01\0" + value


def test_short_names_read_before_and_after_their_list() -> None:
    listed = arr(st(Data("long", 0x2000), u16(3), talk.u8(0), os(VOLTAGE)))
    t = Talk()
    for variable, value in (
        ("2008", axdr.data(u16(2304))), ("FA08", axdr.data(listed)), ("2010", axdr.data(scaler(-1, 35))),
        ("2008", axdr.data(u16(2310))), ("3000", axdr.data(u16(1))),
    ):  # fmt: skip
        for direction, octets in enumerate(read(variable, value)):
            t.add(octets, direction)
    objects = Objects({})
    found = rows(t, objects)
    assert counts(found[VOLTAGE, 2, None]) == (2, 0, 0, 0) and found[VOLTAGE, 2, None].text == "231.0 V"
    assert found[VOLTAGE, 2, None].first_ns == 100 * talk.MS
    assert counts(found["0-0:40.0.0*255", 2, None]) == (1, 0, 0, 0)
    assert len(found) == 3
    assert counts(next(seen for seen in objects.rows() if seen.attribute == 2 and seen.class_id == 3)) == (2, 0, 0, 0)


def test_secrets_are_masked() -> None:
    found = rows(Talk().set(15, "0-0:40.0.0*255", 7, os(b"Password")))
    seen = found["0-0:40.0.0*255", 7, None]
    assert (seen.value, seen.text) == ({"type": "octet-string", "value": "•" * 8}, "secret")


def test_names_from_a_sidecar() -> None:
    known = parse(f'[[object]]\nobis = "{VOLTAGE}"\nscaler = -1\nunit = "V"\nname = "mains"')
    seen = rows(Talk().get(3, VOLTAGE, 2, u16(2304)), Objects({}, known))[VOLTAGE, 2, None]
    assert (seen.name, seen.text) == ("mains", "230.4 V")


# What captures/demo/objects.py gives its meter, and how often the sessions of README.md read it.
DEMO_VALUES = {
    ("1", "0-0:42.0.0*255", "2"): "CSC0000000000001",
    ("8", "0-0:1.0.0*255", "2"): "2026-11-01 06:00:00.00 UTC+00:00",
    ("3", "1-0:1.8.0*255", "2"): "1234567 Wh",
    ("3", "1-0:2.8.0*255", "2"): "4321 Wh",
    ("3", "1-0:32.7.0*255", "2"): "230.4 V",
    ("3", "1-0:14.7.0*255", "2"): "5001 unscaled",
    ("70", "0-0:96.3.10*255", "2"): "connected",
}


@pytest.mark.parametrize("name", ["wrapper-tcp", "hdlc-tcp", "hdlc-serial"])
def test_the_values_of_the_demo_meter(name: str) -> None:
    fields = "class_id,obis,attribute,text,value,reads,errors"
    ran = run("dump", DEMO / f"{name}.pcapng", "--level", "object", "--fields", fields)
    assert ran.code == 0
    table = [line.split("\t") for line in ran.lines]
    found = {tuple(cells[:3]): cells[3] for cells in table}
    assert {key: found[key] for key in DEMO_VALUES} == DEMO_VALUES
    buffer = found["7", "1-0:99.1.0*255", "2"]
    assert buffer.startswith("4 rows from 2026-11-01 06:30") and "Active energy import: Time integral 1 (Wh)" in buffer
    assert found["15", "0-0:40.0.0*255", "2"].startswith("13 objects: 4 Data, 4 Register, ")
    assert [cells[6] for cells in table if cells[1] == "0-0:96.1.9*255"] != ["0"]
    written = next(cells[4] for cells in table if cells[1] == "0-0:96.1.1*255")
    assert '"value":12' in written
