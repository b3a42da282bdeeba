"""Rows: the keys of every level in the order of the contract, and what the values look like."""

import pytest
from encode import xdlms
from scripts import (
    DOWN,
    GET,
    GOT,
    OPENING,
    UP,
    Link,
    Script,
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
)

from analyzer import rows
from dissectors.data_types import Data

# As the contract writes the rows; levels whose columns are "as documented by fields --level" by their own words.
KEYS = {
    "message": "no frames time time_ns end_ns uncertainty_ns profile channel direction association client server "
    "physical "
    "client_address server_address apdu invoke_id class_id obis attribute method items result data text security "
    "fields problems",
    "frame": "no records time time_ns end_ns uncertainty_ns profile channel direction layer source destination kind "
    "octets messages problems",
    "exchange": "no request responses frames service association profile channel client server physical client_address "
    "server_address class_id obis attribute method time time_ns link_response_ns app_response_ns lo_ns hi_ns "
    "first_response_ns complete_ns line_ns server_ns client_ns polls attempts blocks result waited_ns problems",
    "finding": "no severity code text clause time time_ns channel frame message exchange association measured limit "
    "unit",
    "association": "no status time time_ns end_ns profile channel client client_name server server_name physical "
    "client_address server_address context mechanism result diagnostic client_title server_title conformance "
    "client_max_pdu server_max_pdu messages frame end_frame ended_by",
    "address": "profile channel side address name use host system_title sent received time_ns end_ns",
    "object": "profile server physical server_address class_id class_name obis name attribute attribute_name method "
    "reads "
    "writes pushes errors value text time_ns end_ns",
}
PROBLEM = "code severity text clause layer frame buffer start end"
ITEM = "class_id obis attribute method variable result data"
SECURITY = "outer suite policy invocation_counter system_title status reason"
LISTS = over_udp(
    *opened(),
    (UP, xdlms.example("get-request-with-list")),
    (DOWN, xdlms.get_response_with_list(0xC1, [Data("unsigned", 5), 3])),
)


@pytest.mark.parametrize("level", KEYS)
def test_order_of_keys(level: str) -> None:
    assert list(rows.LEVELS) == ["frame", "message", "exchange", "finding", "association", "address", "object"]
    assert [column.name for column in rows.LEVELS[level]] == KEYS[level].split()
    found = rows_of(over_udp((UP, GET), (DOWN, GOT), (DOWN, xdlms.example("data-notification dated"))), level)
    assert found and {" ".join(row) for row in found} == {KEYS[level]}


@pytest.mark.parametrize("level", KEYS)
def test_every_column_is_documented(level: str) -> None:
    known = {"int", "text", "time", "duration", "bool", "json"}
    every = (*rows.LEVELS[level], *rows.ONLY_FILTERS.get(level, ()))
    assert all(column.about and column.type in known for column in every)
    assert all(column.unit == "ns" for column in every if column.type in ("time", "duration"))
    assert len({column.name for column in every}) == len(every)


def test_message() -> None:
    row = rows_of(over_udp(*OPENING, (UP, GET), (DOWN, GOT)))[3]
    assert row["data"] == {"type": "double-long-unsigned", "value": 1}
    assert row["fields"] == {
        "invoke-id-and-priority": row["fields"]["invoke-id-and-priority"],
        "result": {"data": {"type": "double-long-unsigned", "value": 1}},
    }
    assert (row["time"], row["time_ns"]) == ("2023-11-14T22:13:20.040000000Z", 1_700_000_000_040_000_000)
    assert (row["direction"], row["channel"], row["profile"]) == ("server-to-client", "0", "tcp-udp-ip")
    assert (row["client_address"], row["server_address"]) == ("10.0.0.1:5000", "10.0.1.7:4059")
    assert (row["class_id"], row["obis"], row["attribute"], row["method"]) == (3, "1-0:1.8.0*255", 2, None)
    assert (row["physical"], row["security"], row["items"]) == (None, None, None)


def test_aarq_has_its_initiate_request_in_fields() -> None:
    row = rows_of(over_udp(*OPENING))[0]
    request = row["fields"]["user-information"]
    assert "proposed-conformance" in str(request) and "client-max-receive-pdu-size" in str(request)
    assert row["invoke_id"] is None and row["result"] is None


def test_without_clock_association_or_address() -> None:
    row = rows_of(as_text(xdlms.data_notification(1, b"", Data("unsigned", 1))))[0]
    nothing = [
        "time",
        "time_ns",
        "end_ns",
        "uncertainty_ns",
        "profile",
        "association",
        "client",
        "server",
        "physical",
        "client_address",
    ]
    assert {name: row[name] for name in nothing} == dict.fromkeys(nothing)
    assert row["apdu"] == "data-notification" and row["invoke_id"] == 1


def test_list_items_carry_object_result_and_data() -> None:
    asked, said = rows_of(LISTS)[2:]
    assert {" ".join(item) for item in asked["items"] + said["items"]} == {ITEM}
    assert [(i["class_id"], i["obis"], i["attribute"]) for i in asked["items"]] == [
        (3, "1-0:1.8.0*255", 2),
        (8, "0-0:1.0.0*255", 2),
    ]
    assert [(i["obis"], i["result"], i["data"]) for i in said["items"]] == [
        ("1-0:1.8.0*255", "success", {"type": "unsigned", "value": 5}),
        ("0-0:1.0.0*255", "read-write-denied", None),
    ]


def test_problem() -> None:
    row = rows_of(over_udp((UP, GET + b"\xee")))[0]
    assert [" ".join(p) for p in row["problems"]] == [PROBLEM] * len(row["problems"])
    trail = row["problems"][0]
    assert (trail["code"], trail["severity"], trail["layer"], trail["frame"], trail["buffer"]) == (
        "apdu.trail", "warning", "apdu", 1, "apdu",
    )  # fmt: skip
    assert (trail["start"], trail["end"]) == (13, 14)


def test_ciphered_without_key() -> None:
    row = rows_of(over_udp((UP, xdlms.example("glo-get-request"))))[0]
    assert " ".join(row["security"]) == SECURITY
    assert row["security"] == {
        "outer": "glo-get-request", "suite": 0, "policy": "authenticated-encrypted", "invocation_counter": 0x01234567,
        "system_title": None, "status": "no-key", "reason": row["security"]["reason"],
    }  # fmt: skip
    assert (row["apdu"], row["data"], row["obis"]) == ("glo-get-request", None, None)


def test_unknown_tag() -> None:
    row = rows_of(over_udp((UP, GET), (DOWN, GOT), (DOWN, b"\xc9\x01\x02")))
    names = {r["apdu"] for r in row}
    assert "get-request-normal" in names
    unknown = rows_of(over_udp((UP, GET), (DOWN, GOT), (DOWN, b"\xfe\x01\x02")))[2]
    assert unknown["apdu"] == "unknown-0xFE" and unknown["problems"][0]["code"] == "apdu.tag"


def test_values_in_words_need_their_scaler() -> None:
    register = [(UP, get(1)), (DOWN, got(Data("double-long-unsigned", 123456)))]
    scaler = [
        (UP, get(2, attribute=3)),
        (DOWN, got(Data("structure", (Data("integer", -3), Data("enum", 30))), 2)),
    ]
    assert rows_of(over_udp(*register))[1]["text"] in (None, "123456 unscaled")
    assert [row["text"] for row in rows_of(over_udp(*scaler, *register))][3] == "123.456 Wh"


def test_frames_say_what_they_carry() -> None:
    found = rows_of(over_tcp(*OPENING), "frame")
    assert [(row["kind"], row["messages"], row["source"]) for row in found] == [
        ("tcp.syn", [], "10.0.0.1:5000"),
        ("tcp.syn", [], "10.0.1.7:4059"),
        ("tcp.ack", [], "10.0.0.1:5000"),
        ("wrapper", [1], 16),
        ("wrapper", [2], 1),
    ]
    assert found[3]["octets"].startswith("0001001000010")
    link = [row["messages"] for row in rows_of(over_hdlc(*OPENING, (UP, GET), (DOWN, GOT)), "frame")]
    assert link == [[], [], [1], [2], [3], [4]]


def test_latency_column_of_filters() -> None:
    run = run_of(over_udp(*OPENING, (UP, GET), (DOWN, GOT)))
    assert [rows.latency(m) for m in run.messages()] == [None, 10_000_000, None, 10_000_000]


def test_hdlc_addresses() -> None:
    row = rows_of(over_hdlc(*OPENING))[0]
    assert (row["client"], row["server"], row["physical"], row["client_address"]) == (16, 1, 17, None)


def test_address_is_a_sap_or_a_host() -> None:
    script = Script().add(udp(b"nothing"))
    row = rows_of(script, "frame")[0]
    assert (row["source"], row["destination"]) == ("10.0.0.1:5000", "10.0.1.7:4059")
    row = rows_of(on_line(*Link().up()), "frame")[0]
    assert (row["source"], row["destination"], row["kind"]) == (16, 1, "SNRM")


def test_damaged_data_shows_no_data() -> None:
    assert rows.data_at(b"\x06\x00", (0, 2)) is None
    assert rows.data_at(b"", None) is None
    assert rows.none_if(-1) is None and rows.none_if(0) == 0
