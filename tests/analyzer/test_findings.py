"""Findings: each problem once, with the frame, message and association to look at."""

from encode import acse
from scripts import AARQ, DOWN, GET, OPENING, UP, Link, get, lines, on_line, over_hdlc, over_udp, rows_of, run_of, table

from analyzer.findings import Findings
from analyzer.model import Finding
from dissectors.problem import HDLC_NS_GAP, Problem

COLUMNS = "no severity code frame message association"


def test_problems_of_frames_and_messages() -> None:
    script = over_udp((UP, AARQ), (DOWN, acse.aare(1, 13)), (UP, GET + b"\xee"))
    assert table(rows_of(script, "finding"), COLUMNS) == lines(
        """
        1 note apdu.err 2 2 1
        2 warning apdu.trail 3 3 1
        3 error apdu.noaa 3 3 1
        """
    )
    row = rows_of(script, "finding")[2]
    assert (row["time_ns"], row["channel"], row["clause"]) == (1_700_000_000_030_000_000, "0", "IEC 62056-5-3")
    assert (row["measured"], row["limit"], row["unit"], row["exchange"]) == (None, None, None, None)


def test_a_problem_of_the_link_is_told_once() -> None:
    """Frames and their PDUs carry the same problem: one finding, at the frame."""
    damaged = bytearray(Link().frame("SNRM"))
    damaged[-2] ^= 1
    script = on_line(*Link().up(), (UP, bytes(damaged)))
    assert [c.split()[2:4] for c in table(rows_of(script, "finding"), COLUMNS)].count(["hdlc.fcs", "3"]) == 1
    script = over_udp((UP, GET), server=5)
    assert table(rows_of(script, "finding"), "code frame message") == [
        "wrapper.reserved-wport 1 -", "apdu.mid-association 1 1",
    ]  # fmt: skip


def test_in_order_and_numbered() -> None:
    script = over_hdlc(*OPENING, *OPENING, (UP, get(1)), (UP, get(1, attribute=3)))
    found = rows_of(script, "finding")
    assert [row["no"] for row in found] == list(range(1, len(found) + 1)) and len(found) >= 2
    assert [row["frame"] for row in found] == sorted(row["frame"] for row in found)


def test_drain_gives_each_once_and_added_ones_are_numbered() -> None:
    findings = Findings()
    run = run_of(over_udp((UP, get(2)), (UP, GET + b"\xee")), taps=(findings,))
    for _ in run.exchanges():
        pass
    first = findings.drain()
    assert [f.code for f in first] == ["apdu.mid-association", "apdu.trail"] and findings.drain() == []
    findings.add(Finding(99, "timing.app.response", 2, "late", "c", 7, 1, 2, 3, 4, 5, "ns", 6, 8))
    assert findings.drain() == [Finding(3, "timing.app.response", 2, "late", "c", 7, 1, 2, 3, 4, 5, "ns", 6, 8)]


def test_a_problem_about_another_frame_points_there() -> None:
    findings = Findings()
    from dissectors.record import Frame, Path

    frame = Frame(9, (9,), 0, Path(0, "serial"), "hdlc", 0, None, None, None, "hdlc", "I", 16, 1, b"",
                  problems=(Problem(HDLC_NS_GAP, args=(3, 1), frame=4),))  # fmt: skip
    assert list(findings.frames([frame])) == [frame]
    assert [(f.frame, f.text, f.time_ns) for f in findings.drain()] == [(4, "N(S) is 3, expected 1", None)]
