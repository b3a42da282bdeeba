"""Association: scripts of APDUs in, messages and associations out, as tables."""

import pytest
from encode import acse, xdlms
from scripts import (
    AARE,
    AARQ,
    ACK,
    CLOCK_OBIS,
    DOWN,
    FIN,
    GET,
    GOT,
    OPENING,
    RLRE,
    RLRQ,
    RST,
    UP,
    Link,
    Script,
    Step,
    Tcp,
    as_text,
    edited,
    get,
    got,
    lines,
    on_line,
    opened,
    over_hdlc,
    over_tcp,
    over_udp,
    rows_of,
    run_of,
    table,
    wrap,
)

from dissectors.data_types import Data

MESSAGES = "no apdu association obis result problems"
ASSOCIATIONS = "no status client server physical messages frame end_frame ended_by"
HLS_OBJECT = xdlms.attribute(15, bytes.fromhex("0000280000FF"), 1)
PROOF = Data("octet-string", "00" * 17)
HLS: tuple[Step, ...] = (
    (UP, acse.aarq(mechanism=5, value=bytes(16), title=b"ABC12345")),
    (DOWN, acse.aare(diagnostic=14, mechanism=5, value=bytes(range(16)), title=b"XYZ12345")),
)
PASS_3: Step = (UP, xdlms.action_request_normal(0xC1, HLS_OBJECT, PROOF))
PASS_4: Step = (DOWN, xdlms.action_response_normal(0xC1, 0, PROOF))
SET: Step = (UP, xdlms.set_request_normal(0xC1, xdlms.attribute(), Data("unsigned", 1)))
SET_OK: Step = (DOWN, xdlms.example("set-response-normal"))
PUSH: Step = (DOWN, xdlms.data_notification(1, b"", Data("unsigned", 1)))
LONG: Step = (DOWN, got(Data("octet-string", "00" * 12)))  # 18 octets
GET_BIT = 0x000010  # the conformance block with get alone


def told(script: Script, messages: str, associations: str) -> None:
    assert table(rows_of(script), MESSAGES) == lines(messages)
    assert table(rows_of(script, "association"), ASSOCIATIONS) == lines(associations)


@pytest.mark.parametrize(
    ("carrier", "physical", "first", "end"),
    [(over_udp, "-", 1, 6), (over_tcp, "-", 4, 9), (over_hdlc, "17", 3, 8)],
)
def test_opened_used_and_released(carrier: object, physical: str, first: int, end: int) -> None:
    script = carrier(*OPENING, (UP, GET), (DOWN, GOT), (UP, RLRQ), (DOWN, RLRE))  # type: ignore[operator]
    told(
        script,
        """
        1 aarq 1 - - -
        2 aare 1 - accepted -
        3 get-request-normal 1 1-0:1.8.0*255 - -
        4 get-response-normal 1 1-0:1.8.0*255 success -
        5 rlrq 1 - - -
        6 rlre 1 - normal -
        """,
        f"1 released 16 1 {physical} 6 {first} {end} RLRE",
    )


def test_rejected() -> None:
    told(
        over_udp((UP, AARQ), (DOWN, acse.aare(1, 13)), (UP, GET), (DOWN, GOT)),
        """
        1 aarq 1 - - -
        2 aare 1 - rejected-permanent apdu.err
        3 get-request-normal 1 1-0:1.8.0*255 - apdu.noaa
        4 get-response-normal 1 1-0:1.8.0*255 success apdu.noaa
        """,
        "1 rejected 16 1 - 4 1 2 authentication-failure",
    )


def test_hls_passed() -> None:
    told(
        over_udp(*HLS, PASS_3, PASS_4, (UP, GET), (DOWN, GOT), client=1),
        """
        1 aarq 1 - - -
        2 aare 1 - accepted -
        3 action-request-normal 1 0-0:40.0.0*255 - -
        4 action-response-normal 1 0-0:40.0.0*255 success -
        5 get-request-normal 1 1-0:1.8.0*255 - -
        6 get-response-normal 1 1-0:1.8.0*255 success -
        """,
        "1 open 1 1 - 6 1 - -",
    )


def test_hls_pending() -> None:
    told(
        over_udp(*HLS, (UP, GET), (DOWN, GOT), client=1),
        """
        1 aarq 1 - - -
        2 aare 1 - accepted -
        3 get-request-normal 1 1-0:1.8.0*255 - apdu.hls-order
        4 get-response-normal 1 1-0:1.8.0*255 success apdu.hls-order
        """,
        "1 authenticating 1 1 - 4 1 - -",
    )


def test_hls_refused() -> None:
    refused = (DOWN, xdlms.action_response_normal(0xC1, 3, None))
    told(
        over_udp(*HLS, PASS_3, refused, (UP, GET), client=1),
        """
        1 aarq 1 - - -
        2 aare 1 - accepted -
        3 action-request-normal 1 0-0:40.0.0*255 - -
        4 action-response-normal 1 0-0:40.0.0*255 read-write-denied -
        5 get-request-normal 1 1-0:1.8.0*255 - apdu.noaa
        """,
        "1 rejected 1 1 - 5 1 4 HLS: read-write-denied",
    )


def test_hls_pass_3_wants_the_association_object() -> None:
    other = (UP, xdlms.action_request_normal(0xC1, xdlms.attribute(70, bytes.fromhex("0000600300FF"), 1), None))
    found = rows_of(over_udp(*HLS, other, client=1))
    assert [p["code"] for p in found[2]["problems"]] == ["apdu.hls-order"]
    assert "action-request-normal before the HLS" in found[2]["problems"][0]["text"]


def test_request_before_the_aare() -> None:
    told(
        over_udp((UP, AARQ), (UP, GET), (DOWN, GOT)),
        """
        1 aarq 1 - - -
        2 get-request-normal 1 1-0:1.8.0*255 - apdu.noaa
        3 get-response-normal 1 1-0:1.8.0*255 success -
        """,
        "1 requested 16 1 - 3 1 - -",
    )


@pytest.mark.parametrize("first", [UP, DOWN])
def test_capture_that_starts_inside_an_association_gives_one_note(first: int) -> None:
    steps: list[Step] = [(UP, GET), (DOWN, GOT)] * 3
    found = rows_of(over_udp(*(steps if first == UP else steps[1:])))
    assert [shown for row in found for shown in (p["code"] for p in row["problems"])] == ["apdu.mid-association"]
    assert found[0]["problems"] and found[0]["problems"][0]["severity"] == "note"
    assert {row["association"] for row in found} == {1}


def test_aare_without_its_aarq() -> None:
    told(
        over_udp((DOWN, AARE), (UP, GET), (DOWN, GOT)),
        """
        1 aare 1 - accepted -
        2 get-request-normal 1 1-0:1.8.0*255 - -
        3 get-response-normal 1 1-0:1.8.0*255 success -
        """,
        "1 open 16 1 - 3 1 - -",
    )


def test_release_without_association() -> None:
    told(
        over_udp((UP, RLRQ), (DOWN, RLRE)),
        """
        1 rlrq 1 - - -
        2 rlre 1 - normal -
        """,
        "1 released 16 1 - 2 1 2 RLRE",
    )


def test_request_on_a_new_link_without_aarq() -> None:
    link = Link()
    told(
        on_line(*link.up(), *link.talk((UP, GET), (DOWN, GOT), (UP, GET), (DOWN, GOT))),
        """
        1 get-request-normal 1 1-0:1.8.0*255 - apdu.noaa
        2 get-response-normal 1 1-0:1.8.0*255 success -
        3 get-request-normal 1 1-0:1.8.0*255 - -
        4 get-response-normal 1 1-0:1.8.0*255 success -
        """,
        "1 none 16 1 17 4 3 - -",
    )


def test_link_that_closes_ends_the_association() -> None:
    link = Link()
    first = link.talk(*OPENING)
    told(
        on_line(*link.up(), *first, *link.down(), *link.up(), *link.talk((UP, GET))),
        """
        1 aarq 1 - - -
        2 aare 1 - accepted -
        3 get-request-normal 2 1-0:1.8.0*255 - apdu.noaa
        """,
        """
        1 ended 16 1 17 2 3 6 link closed
        2 none 16 1 17 1 9 - -
        """,
    )


def test_aarq_on_a_link_that_carries_an_association() -> None:
    found = rows_of(over_hdlc(*OPENING, *OPENING))
    assert table(found, "apdu association problems") == ["aarq 1 -", "aare 1 -", "aarq 2 hdlc.aa-link", "aare 2 -"]


@pytest.mark.parametrize(("up", "flags"), [(True, FIN | ACK), (False, FIN | ACK), (False, RST)])
def test_connection_that_closes_ends_its_associations(up: bool, flags: int) -> None:
    script, connection = Script(), Tcp()
    for segment in connection.handshake():
        script.add(segment)
    for client in (16, 1):
        for direction, apdu in OPENING:
            script.add(connection.segment(wrap(direction, apdu, client), direction == UP))
    script.add(connection.segment(b"", up, flags))
    assert table(rows_of(script, "association"), ASSOCIATIONS) == lines(
        """
        1 ended 16 1 - 2 4 8 connection closed
        2 ended 1 1 - 2 6 8 connection closed
        """
    )


def test_clients_and_servers_interleave_on_one_line() -> None:
    one, two = Link(16, (1, 17, 4)), Link(32, (1, 18, 4))
    script = on_line(
        *one.up(), *two.up(), *one.talk((UP, AARQ)), *one.talk((DOWN, AARE)), *two.talk(*OPENING),
        *one.talk((UP, GET), (DOWN, GOT)), *two.talk((UP, get(1, CLOCK_OBIS, 8)), (DOWN, GOT)),
        *one.down(), *two.talk((UP, GET), (DOWN, GOT)),
    )  # fmt: skip
    told(
        script,
        """
        1 aarq 1 - - -
        2 aare 1 - accepted -
        3 aarq 2 - - -
        4 aare 2 - accepted -
        5 get-request-normal 1 1-0:1.8.0*255 - -
        6 get-response-normal 1 1-0:1.8.0*255 success -
        7 get-request-normal 2 0-0:1.0.0*255 - -
        8 get-response-normal 2 0-0:1.0.0*255 success -
        9 get-request-normal 2 1-0:1.8.0*255 - -
        10 get-response-normal 2 1-0:1.8.0*255 success -
        """,
        """
        1 ended 16 1 17 4 5 14 link closed
        2 open 32 1 18 6 7 - -
        """,
    )


def test_clients_and_servers_interleave_on_one_connection() -> None:
    script, connection = Script(), Tcp()
    for client, server in ((16, 1), (1, 17)):
        for direction, apdu in OPENING:
            script.add(connection.segment(wrap(direction, apdu, client, server), direction == UP))
    # the requests of both in one segment, the answers in one, the other way round
    script.add(connection.segment(wrap(UP, GET, 16, 1) + wrap(UP, get(1, CLOCK_OBIS, 8), 1, 17)))
    script.add(connection.segment(wrap(DOWN, GOT, 1, 17) + wrap(DOWN, GOT, 16, 1), False))
    told(
        script,
        """
        1 aarq 1 - - -
        2 aare 1 - accepted -
        3 aarq 2 - - -
        4 aare 2 - accepted -
        5 get-request-normal 1 1-0:1.8.0*255 - -
        6 get-request-normal 2 0-0:1.0.0*255 - -
        7 get-response-normal 2 0-0:1.0.0*255 success -
        8 get-response-normal 1 1-0:1.8.0*255 success -
        """,
        """
        1 open 16 1 - 4 1 - -
        2 open 1 17 - 4 3 - -
        """,
    )


# -- what was agreed -----------------------------------------------------------------------------------------


def codes(*steps: Step, client: int = 16) -> list[str]:
    """Every problem of every message."""
    return [p["code"] for row in rows_of(over_udp(*steps, client=client)) for p in row["problems"]]


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ((*opened(GET_BIT), (UP, GET), (DOWN, GOT)), []),
        ((*opened(GET_BIT), SET, SET_OK), ["apdu.role", "apdu.conf"]),
        ((*opened(GET_BIT), PUSH), ["apdu.conf"]),
        ((*opened(), PUSH), []),
        ((PUSH,), ["apdu.push"]),
        (((UP, AARQ), (DOWN, acse.aare(user=acse.initiate_response(conformance=0xFFFFFF)))), ["apdu.conf"]),
        ((*opened(server_max=12), (UP, GET)), ["apdu.size"]),
        ((*opened(server_max=13, client_max=18), (UP, GET), LONG), []),
        ((*opened(client_max=17), (UP, GET), LONG), ["apdu.size"]),
        ((*opened(), (UP, GET), (DOWN, GOT)), []),  # 0: no limit
        (
            ((UP, AARQ), (DOWN, acse.aare(context_number=2, user=acse.initiate_response(vaa=0xFA00)))),
            ["apdu.aare-mismatch"],
        ),
        ((*opened(), (UP, get(1)), (UP, get(1, CLOCK_OBIS, 8))), ["apdu.invoke"]),
        ((*opened(), (UP, get(1)), (UP, get(2)), (DOWN, got(invoke=2)), (DOWN, got(invoke=1))), []),
        ((*opened(), (UP, get(1)), (UP, get(1)), (DOWN, got(invoke=1))), []),  # the same again: a repetition
        ((*opened(), (UP, get(1)), (DOWN, got(invoke=2))), ["apdu.invoke"]),
        ((*opened(), (UP, get(1)), (DOWN, got()), (DOWN, got())), ["apdu.invoke"]),
        ((*opened(), (UP, GET), SET_OK), ["apdu.invoke"]),
        (
            (*opened(), (UP, xdlms.set_request_normal(0x81, xdlms.attribute(), Data("unsigned", 1))), SET_OK),
            ["apdu.role", "apdu.unconf-resp"],  # the public client may not write
        ),
        ((*opened(), (UP, GET), (DOWN, xdlms.get_response_with_list(0xC1, [1]))), ["apdu.resp-type"]),
        ((*opened(), (UP, GET), (DOWN, bytes.fromhex("D80102"))), ["apdu.err"]),
        ((*opened(), (DOWN, bytes.fromhex("D80102"))), ["apdu.err"]),
        (((UP, acse.aarq(1, 1, b"12345678")),), ["apdu.lls-clear", "apdu.role"]),  # the public client has no password
        (((UP, acse.aarq(3)), (DOWN, acse.aare(context_number=3)), (UP, GET)), ["apdu.role", "apdu.ciph-clear"]),
    ],
)
def test_rules(steps: tuple[Step, ...], expected: list[str]) -> None:
    assert codes(*steps) == expected


def test_vaa_name_of_the_other_referencing() -> None:
    found = codes((UP, AARQ), (DOWN, acse.aare(user=acse.initiate_response(vaa=0xFA00))))
    assert set(found) == {"apdu.vaa"}


def test_texts_name_what_was_met_and_expected() -> None:
    found = rows_of(over_udp(*opened(GET_BIT, server_max=12), (UP, GET), SET))
    texts = [p["text"] for row in found for p in row["problems"]]
    assert texts[0] == "APDU of 13 octets, the receiver announced 12"
    assert "service set was not negotiated" in texts
    role = rows_of(over_udp((UP, acse.aarq(3))))[0]["problems"]
    assert role[0]["text"] == "client 16 (public client): context ln-ciphered where its role permits ln, sn"


def test_columns_of_an_association() -> None:
    row = rows_of(over_udp(*HLS, client=1), "association")[0]
    assert (row["client_title"], row["server_title"]) == (b"ABC12345".hex().upper(), b"XYZ12345".hex().upper())
    assert (row["client_max_pdu"], row["server_max_pdu"]) == (0x04B0, 0x01F4)
    assert row["result"] == "accepted" and row["diagnostic"] == "authentication-required"
    assert row["client_name"] == "client management process" and row["server_name"] == "management logical device"
    assert {"get", "set"} <= set(row["conformance"])
    early = rows_of(over_udp((UP, GET)), "association")[0]
    assert [early[name] for name in ("context", "mechanism", "result", "conformance", "client_title")] == [None] * 5


def test_pre_established_role_needs_no_aarq() -> None:
    mended = edited("tcp-udp-ip", ('name = "public client"\nservers', 'name = "x"\npre_established = true\nservers'))
    script = over_udp((UP, GET), (DOWN, GOT))
    assert table(rows_of(script, "message", (mended,)), "apdu problems") == [
        "get-request-normal -",
        "get-response-normal -",
    ]
    assert table(rows_of(script, "association", (mended,)), "status client messages") == ["pre-established 16 2"]


def test_the_answer_names_the_request_and_its_end() -> None:
    found = list(run_of(over_udp(*OPENING, (UP, get(3)), (DOWN, got(invoke=3)))).messages())
    assert [m.request for m in found] == [0, 1, 0, 3]
    assert found[3].asked_ns == found[2].pdu.last_ns
    assert found[3].target is found[2].target
    assert found[3].context != 0


def test_bare_apdus_of_a_log_are_one_association() -> None:
    found = rows_of(as_text(AARQ, AARE, GET, GOT, RLRQ, RLRE), "association")
    assert table(found, "no status client server messages") == ["1 released - - 6"]


def test_lost_octets_forget_the_requests_that_wait() -> None:
    """After a gap no answer is paired by turn with a request from before it."""
    script, connection = Script(), Tcp()
    for segment in connection.handshake():
        script.add(segment)
    for direction, apdu in (*OPENING, (UP, GET)):
        script.add(connection.segment(wrap(direction, apdu), direction == UP))
    connection.next[1] += 30  # 30 octets of the server are missing
    script.add(connection.segment(wrap(DOWN, GOT), False))
    script.add(connection.segment(b"", True, FIN | ACK))
    found = rows_of(script)
    assert found[3]["obis"] is None and [p["code"] for p in found[3]["problems"]] == ["apdu.invoke"]
