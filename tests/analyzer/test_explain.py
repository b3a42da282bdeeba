"""The autopsy: each step of the ladder as the first that failed, its frames, and causes by evidence."""

import json
from typing import Any

import pytest
from encode import acse, xdlms
from scripts import (
    AARQ,
    ACK,
    CLOCK_OBIS,
    DOWN,
    FIN,
    GET,
    GOT,
    MS,
    OPENING,
    SYN,
    UP,
    Link,
    Script,
    Step,
    Tcp,
    get,
    got,
    lines,
    on_line,
    over_hdlc,
    over_udp,
    run_of,
    udp,
    wrap,
)

from analyzer.explain import LADDER, Autopsy, to_json, to_text
from dissectors.data_types import Data

STATES = {"ok": "+", "failed": "x", "not-seen": ".", "not-needed": "-"}
HLS: tuple[Step, ...] = (
    (UP, acse.aarq(mechanism=5, value=bytes(16), title=b"ABC12345")),
    (DOWN, acse.aare(diagnostic=14, mechanism=5, value=bytes(range(16)), title=b"XYZ12345")),
)
PROOF = Data("octet-string", "00" * 17)
PASS_3: Step = (UP, xdlms.action_request_normal(0xC1, xdlms.attribute(15, bytes.fromhex("0000280000FF"), 1), PROOF))
PASS_4: Step = (DOWN, xdlms.action_response_normal(0xC1, 0, PROOF))
REFUSED: Step = (DOWN, xdlms.action_response_normal(0xC1, 3, None))
LINK = Link()
SNRM: Step = (UP, LINK.frame("SNRM"))


def autopsy(script: Script) -> Autopsy:
    """The tap after the run; its attempts with their result."""
    found = Autopsy()
    run = run_of(script, taps=(found,))
    for _ in run.exchanges():
        pass
    found.attempts = found.result()
    return found


def test_what_failed_by_now_may_still_succeed() -> None:
    found = Autopsy()
    messages = run_of(over_hdlc(*OPENING, (UP, GET), (DOWN, GOT)), taps=(found,)).messages()
    so_far = [found.result()[0].step("association").state for _ in messages]
    assert so_far[0] == "failed"  # an AARQ without answer
    assert so_far[-1] == "ok"


def told(script: Script) -> list[str]:
    """One line an attempt: client, ladder (+ ok, x failed, . not seen, - not needed), first failure, its frames."""
    out = []
    for a in autopsy(script).attempts:
        ladder = "".join(STATES[step.state] for step in a.steps)
        frames = ",".join(map(str, a.step(a.failed).frames)) if a.failed else ""
        out.append(" ".join(f"{a.client} {ladder} {a.failed or 'nothing'} {frames}".split()))
    return out


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        (over_hdlc(*OPENING, (UP, GET), (DOWN, GOT)), "16 +++-++ nothing"),
        (on_line(SNRM, SNRM), "16 xx.... link 1,2"),
        (on_line(SNRM, (DOWN, LINK.frame("DM", False))), "16 +x.... link 1,2"),
        (on_line(*Link().up()), "16 ++.... nothing"),
        (over_hdlc((UP, AARQ)), "16 ++x... association 3"),
        (over_udp((UP, AARQ)), "16 x-x... association 1"),
        (over_hdlc((UP, AARQ), (DOWN, acse.aare(1, 13))), "16 ++x... association 3,4"),
        (over_udp((UP, AARQ), (DOWN, bytes.fromhex("0E010601"))), "16 +-x... association 1,2"),
        (over_udp(*HLS, client=1), "1 +-+x.. authentication"),
        (over_udp(*HLS, PASS_3, client=1), "1 +-+x.. authentication 3"),
        (over_udp(*HLS, PASS_3, REFUSED, client=1), "1 +-+x.. authentication 3,4"),
        (over_udp(*HLS, PASS_3, PASS_4, (UP, GET), (DOWN, GOT), client=1), "1 +-++++ nothing"),
        (over_hdlc(*OPENING, (UP, GET)), "16 +++-x. access 5"),
        (over_hdlc(*OPENING, (UP, GET), (DOWN, got(3))), "16 +++-+x value 5,6"),
        (over_udp((UP, GET), (DOWN, GOT)), "16 +-..++ nothing"),  # a capture that starts inside
        (over_udp((UP, GET), (DOWN, got(3))), "16 +-..+x value 1,2"),
        (over_udp((UP, GET)), "16 x-..x. access 1"),
    ],
)
def test_first_failure(script: Script, expected: str) -> None:
    assert told(script) == [expected]


def test_a_failure_is_not_overwritten_by_a_later_success() -> None:
    steps = (*OPENING, (UP, get(1)), (DOWN, got(3)), (UP, get(2, CLOCK_OBIS, 8)), (DOWN, got(invoke=2)))
    assert told(over_udp(*steps)) == ["16 +-+-+x value 3,4"]
    found = autopsy(over_udp(*steps)).attempts[0]
    assert (found.exchanges, found.errors, found.unanswered) == (2, 1, 0)


def test_the_link_that_breaks_off_in_the_middle() -> None:
    link = Link()
    script = on_line(*link.up(), *link.talk(*OPENING, (UP, GET)), (DOWN, link.frame("DM", False)))
    found = autopsy(script).attempts[0]
    assert found.failed == "access" and "lost the link (DM)" in found.step("access").text


def test_each_try_is_an_attempt() -> None:
    script = over_udp((UP, AARQ), (DOWN, acse.aare(1, 13)), *OPENING, (UP, GET), (DOWN, GOT))
    assert told(script) == ["16 +-x... association 1,2", "16 +-+-++ nothing"]
    link = Link()
    steps = [*link.up(), *link.talk(*OPENING)]
    assert told(on_line(*steps, *link.down(), *link.up())) == [
        "16 +++-..  nothing".replace("  ", " "),
        "16 ++.... nothing",
    ]


def test_silence_belongs_to_the_attempt_that_met_it() -> None:
    """That nothing came is known at the end of the capture, when the next attempt has long begun."""
    script = over_udp(*OPENING, (UP, get(3)), *OPENING, (UP, get(4)), (DOWN, got(invoke=4)))
    assert told(script) == ["16 +-+-x. access 3", "16 +-+-++ nothing"]


def test_clients_and_servers_have_attempts_of_their_own() -> None:
    one, two = Link(16, (1, 17, 4)), Link(32, (1, 18, 4))
    script = on_line(*two.up(), (UP, one.frame("SNRM")), *two.talk(*OPENING), (UP, one.frame("SNRM")))
    assert told(script) == ["32 +++-.. nothing", "16 +x.... link 3,6"]


def test_tcp_connection_without_a_word() -> None:
    script, connection = Script(), Tcp()
    script.add(connection.segment(b"", True, SYN)).add(connection.segment(b"", False, SYN | ACK))
    script.add(connection.segment(b"", True, FIN | ACK))
    assert told(script) == []


def test_damaged_frames_are_not_believed() -> None:
    damaged = bytearray(SNRM[1])
    damaged[-2] ^= 1
    script = on_line(SNRM, *[(UP, bytes(damaged))] * 6)
    assert told(script) == ["16 +x.... link 1"]
    found = autopsy(script)
    assert (found.good_frames, found.bad_frames) == (1, 6)
    assert found.attempts[0].causes[0].text.startswith("the line is disturbed")
    assert "6 frames with a bad check sequence (85 %)" in found.attempts[0].causes[0].evidence


def test_nothing_recognised() -> None:
    found = autopsy(Script().add(udp(b"x")))
    assert found.attempts == []
    assert b"no attempt to reach a meter was recognised" in to_text(found.attempts)
    assert json.loads(to_json(found.attempts)) == []


def test_json_keys() -> None:
    found: list[dict[str, Any]] = json.loads(to_json(autopsy(over_hdlc(*OPENING, (UP, GET))).attempts))
    assert list(found[0]) == [
        "no", "profile", "channel", "client", "server", "physical", "client_address", "server_address",
        "first_frame", "time",
        "steps", "reached", "failed", "sentence", "causes", "exchanges", "unanswered", "errors",
    ]  # fmt: skip
    assert [step["name"] for step in found[0]["steps"]] == list(LADDER)
    assert {" ".join(cause) for cause in found[0]["causes"]} == {"text evidence weight"}
    assert (found[0]["reached"], found[0]["failed"], found[0]["physical"]) == ("association", "access", 17)


def test_text_has_failures_first_and_one_sentence_each() -> None:
    one, two = Link(16, (1, 17, 4)), Link(32, (1, 18, 4))
    text = to_text(autopsy(on_line(*two.up(), *two.talk(*OPENING), (UP, one.frame("SNRM")))).attempts).decode()
    expected = """
        2 attempts, 1 with a failure
        attempt 2 2023-11-14T22:13:20.050000000Z client 16 with server 1: failed at link: SNRM without answer (frame 5)
        ✓ line 5 good frames
        ✗ link SNRM without answer
        · association
        · authentication
        · access
        · value
        CAUSE
        attempt 1 2023-11-14T22:13:20.010000000Z client 32 with server 1: nothing failed; 0 exchanges
    """
    cause = (
        "cause 1: no device answers at this address (server 1, physical 17): wrong or reserved address "
        "[other addresses on this line are answered]"
    )
    assert lines(text) == lines(expected.replace("CAUSE", cause))


def test_many_attempts_cost_no_more_each() -> None:
    """An exchange is looked up by who talks, not searched among all attempts."""
    script = Script()
    for n in range(400):
        for direction, apdu in (*OPENING, (UP, GET), (DOWN, GOT)):
            script.add(
                udp(wrap(direction, apdu), direction == UP, "10.0.0.1:5000", f"10.1.{n // 200}.{n % 200 + 1}:4059"),
                after=MS,
            )
    found = autopsy(script)
    assert len(found.attempts) == 400 and sum(a.exchanges for a in found.attempts) == 400
    assert not any(a.failed for a in found.attempts)
