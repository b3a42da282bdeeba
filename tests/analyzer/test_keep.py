"""Keep: what repeats is packed once, and never given to a row that it is not of."""

from encode import xdlms
from msgspec.structs import replace
from scripts import (
    DOWN,
    GET,
    GOT,
    PROFILES,
    SERIAL,
    UNKNOWN,
    UP,
    Link,
    Script,
    on_line,
    over_udp,
    run_of,
    udp,
    wrap,
)

from analyzer import keep
from analyzer.analysis import Analysis
from dissectors.data_types import Data
from dissectors.record import Channel


def load(script: Script) -> Analysis:
    made = Analysis(script.channels, PROFILES)
    for _ in made.load(script.records):
        pass
    return made


def test_pushes_of_two_meters_to_one_head_end() -> None:
    """Without an association, equal but for the server's host."""
    script = Script()
    push = xdlms.data_notification(1, b"", Data("unsigned", 1))
    for host in ("10.0.1.7:4059", "10.0.1.8:4059") * 2:
        script.add(udp(wrap(DOWN, push), False, "10.0.0.1:5000", host))
    made = load(script)
    assert [made.exchange(n).server_address for n in (1, 2, 3, 4)] == ["10.0.1.7:4059", "10.0.1.8:4059"] * 2


def test_wires_of_one_line_keep_their_channel() -> None:
    script = Script(SERIAL, [Channel(0, "tap:A", SERIAL), Channel(1, "tap:B", SERIAL)])
    link = Link()
    for channel in (0, 1, 0, 1):
        script.add(link.frame("RR"), UNKNOWN, channel=channel)
    made = load(script)
    assert [made.frame(n).channel for n in (1, 2, 3, 4)] == [0, 1, 0, 1]


def test_physical_devices_of_one_line() -> None:
    one, two = Link(16, (1, 17, 4)), Link(16, (1, 18, 4))
    script = on_line(*one.up(), *two.up(), *one.talk((UP, GET), (DOWN, GOT)), *two.talk((UP, GET), (DOWN, GOT)))
    made = load(script)
    assert [made.message(n).pdu.physical for n in (1, 2, 3, 4)] == [17, 17, 18, 18]
    assert [made.exchange(n).physical for n in (1, 2)] == [17, 18]


def test_security_stays_with_a_message_that_nobody_could_open() -> None:
    made = load(over_udp((UP, xdlms.example("glo-get-request"))))
    assert made.message(1).security is not None


def test_forgetting_what_repeats_changes_nothing(monkeypatch: object) -> None:
    script = over_udp(*[(UP, GET), (DOWN, GOT)] * 6)
    whole = load(script)
    monkeypatch.setattr(keep, "SHARED_MAX", 1)  # type: ignore[attr-defined]
    small = load(script)
    for table in ("frames", "messages", "exchanges"):
        assert list(getattr(whole, table).array()) == list(getattr(small, table).array())


def test_counts_that_do_not_fit_a_column_are_the_largest() -> None:
    script = over_udp((UP, GET))
    run = run_of(script)
    (frame,) = run.frames()
    made = Analysis(script.channels, PROFILES)
    many = replace(frame, records=tuple(range(1, 70_001)))
    assert list(keep.Keep(made).frames([many])) == [many]
    assert made.frames.value(0, "records") == keep.U16
