"""How associations begin and end: AARQ repeated, answers that do not fit, HLS passes, release."""

import pytest
from encode import acse, xdlms
from scripts import AARE, AARQ, DOWN, GET, GOT, OPENING, RLRE, RLRQ, UP, Step, over_hdlc, over_udp, rows_of, table

from dissectors.data_types import Data

ASSOCIATION = "no status messages result ended_by"
PROOF = Data("octet-string", "00" * 17)
HLS = (
    (UP, acse.aarq(mechanism=5, value=bytes(16), title=b"ABC12345")),
    (DOWN, acse.aare(diagnostic=14, mechanism=5, value=bytes(range(16)), title=b"XYZ12345")),
)
SN_HLS = xdlms.attribute(12, bytes.fromhex("0000280000FF"), 8)


def status(*steps: Step, client: int = 16) -> list[str]:
    return table(rows_of(over_udp(*steps, client=client), "association"), ASSOCIATION)


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        (((UP, AARQ),), ["1 requested 1 - -"]),
        (((UP, AARQ), (UP, AARQ), (DOWN, AARE)), ["1 open 3 accepted -"]),  # the same again: a repetition
        (((UP, AARQ), (UP, acse.aarq(title=b"ABC12345")), (DOWN, AARE)), ["1 requested 1 - -", "2 open 2 accepted -"]),
        ((*OPENING, *OPENING), ["1 open 2 accepted -", "2 open 2 accepted -"]),
        (((UP, AARQ), (DOWN, acse.aare(2, 1)), (UP, AARQ), (DOWN, AARE)),
         ["1 rejected 2 rejected-transient no-reason-given", "2 open 2 accepted -"]),
        (((DOWN, AARE),), ["1 open 1 accepted -"]),
        (((UP, RLRQ),), ["1 mid-capture 1 - -"]),
        ((*OPENING, (UP, RLRQ)), ["1 open 3 accepted -"]),  # not yet answered
        ((*OPENING, (UP, RLRQ), (DOWN, RLRE), *OPENING), ["1 released 4 accepted RLRE", "2 open 2 accepted -"]),
    ],
)  # fmt: skip
def test_status(steps: tuple[Step, ...], expected: list[str]) -> None:
    assert status(*steps) == expected


def test_error_as_the_answer_to_an_aarq_rejects() -> None:
    found = rows_of(over_udp((UP, AARQ), (DOWN, bytes.fromhex("0E010601"))), "association")[0]
    assert (found["status"], found["ended_by"], found["end_frame"]) == ("rejected", "dlms-version-too-low", 2)


def test_provider_reasons() -> None:
    found = rows_of(over_udp((UP, AARQ), (DOWN, acse.aare(1, 2, provider=True))), "association")[0]
    assert found["status"] == "rejected" and found["ended_by"] and found["result"] == "rejected-permanent"


def test_hls_over_short_names_uses_class_12() -> None:
    passes = (
        (UP, xdlms.action_request_normal(0xC1, SN_HLS, PROOF)),
        (DOWN, xdlms.action_response_normal(0xC1, 0, PROOF)),
    )
    assert status(*HLS, *passes, client=1) == ["1 open 4 accepted -"]


def test_the_same_octets_mean_the_association_at_hand() -> None:
    """A second association on the same link starts with requests of its own."""
    found = rows_of(over_hdlc(*OPENING, (UP, GET), *OPENING, (UP, GET), (DOWN, GOT)))
    assert [row["association"] for row in found] == [1, 1, 1, 2, 2, 2, 2]
    assert table(rows_of(over_hdlc(*OPENING, (UP, GET), *OPENING, (UP, GET), (DOWN, GOT)), "exchange"),
    "service result") == [
        "association accepted", "association accepted", "get success", "get -",
    ]  # fmt: skip


def test_agreed_sizes_and_services_belong_to_their_association() -> None:
    small = acse.aare(user=acse.initiate_response(conformance=0x10, max_pdu=12))
    steps = ((UP, AARQ), (DOWN, small), (UP, GET), *OPENING, (UP, GET))
    problems = [[p["code"] for p in row["problems"]] for row in rows_of(over_udp(*steps))]
    assert problems[2] == ["apdu.size"] and problems[5] == []
