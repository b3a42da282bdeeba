"""First push and first response after a marker: across channels, with the bounds of both stamps, censored."""

from typing import Any

import pytest
from msgspec.structs import replace
from scripts import DOWN, GOT, PROFILES, SERIAL, TEXT, UP, Link, Script, edited, rows_of, run_of
from scripts import GET as GET_APDU

from analyzer.timing import Timing
from dissectors.errors import UsageError
from dissectors.profile import Profile
from dissectors.record import Channel, Flag

MS = 1_000_000
WHEN = 'when = { marker = "power-on" }\n'
WIRE = Channel(0, "tap:A", SERIAL, 1000, 9600, 10, "start")
INPUTS = Channel(1, "inputs", 250, 1000, stamp="start")
PUSH = bytes.fromhex("0F000000010002010600000000 2A".replace(" ", ""))


def push(link: Link) -> bytes:
    return link.frame("UI", False, info=b"\xe6\xe7\x00" + PUSH)


def marked(*steps: tuple[str, int], channels: tuple[Channel, ...] = (WIRE, INPUTS)) -> Script:
    """Each step a marker name, "push", "ask" or "answer", and how many ms after the one before."""
    script = Script(SERIAL, channels)
    link = Link()
    for what, after in steps:
        if what == "push":
            script.add(push(link), after=after * MS)
        elif what in ("ask", "answer"):
            script.add(
                link.apdu(UP if what == "ask" else DOWN, GET_APDU if what == "ask" else GOT)[1], after=after * MS
            )
        else:
            comment = f"marker {what}"
            script.add(b"", channel=len(channels) - 1, after=after * MS, flags=Flag.STATUS, comment=comment)
    return script


def timing(script: Script, *profiles: Profile) -> Timing:
    chosen = profiles or PROFILES
    stage = Timing({p.name: p for p in chosen}, script.channels)
    run = run_of(script, chosen, (stage,))
    for _ in run.exchanges():
        pass
    stage.end()
    return stage


def limited() -> Profile:
    """The shipped rule with a limit that judges."""
    return edited(
        "hdlc", (WHEN, WHEN + 'max = "2 s"\n'), ('"C"\ntext = "needs a marker', '"A"\ntext = "needs a marker')
    )


def each(stage: Timing, rule: str = "app.first-push") -> list[dict[str, Any]]:
    return [row for row in stage.each_rows("a") if row["rule"] == rule]


def row(stage: Timing, rule: str = "app.first-push") -> dict[str, Any]:
    return next(row for row in stage.rows("a") if row["rule"] == rule and row["count"])


def test_the_shipped_profile_measures_and_does_not_judge() -> None:
    found = each(timing(marked(("power-on", 10), ("push", 1500), ("push", 1000), ("push", 1000))))
    assert [(r["measured_ns"], r["verdict"], r["confidence"]) for r in found] == [(1500 * MS, "unjudged", "C")]
    assert (found[0]["start_frame"], found[0]["end_frame"], found[0]["server"]) == (1, 2, 1)


@pytest.mark.parametrize(
    ("after", "uncertainty_ns", "verdict"),
    [(1500, 1000, "pass"), (2500, 1000, "fail"), (1999, 5 * MS, "undecidable"), (1500, None, "undecidable")],
)
def test_a_limit_is_judged_with_both_uncertainties(after: int, uncertainty_ns: int | None, verdict: str) -> None:
    script = marked(("power-on", 10), ("push", after))
    script.records[0] = replace(script.records[0], uncertainty_ns=uncertainty_ns)
    found = each(timing(script, limited()))
    assert [r["verdict"] for r in found] == [verdict]
    if uncertainty_ns is not None:
        assert found[0]["hi_ns"] - found[0]["lo_ns"] >= 2 * uncertainty_ns
    else:
        assert found[0]["needs"] == "uncertainty"


def test_every_marker_starts_anew_and_other_names_do_not() -> None:
    steps = ("power-on", 10), ("push", 300), ("power-off", 100), ("push", 100), ("power-on", 50), ("push", 700)
    found = each(timing(marked(*steps)))
    assert [r["measured_ns"] for r in found] == [300 * MS, 700 * MS]


def test_a_push_before_the_marker_does_not_count() -> None:
    """It is complete after the marker, but had begun before."""
    script = marked(("push", 10), ("power-on", 5), ("push", 400))
    long = script.records[0]
    script.records[0] = replace(long, last_ns=(long.first_ns or 0) + 30 * MS)
    script.records[:2] = [replace(script.records[1], no=1), replace(script.records[0], no=2)]
    assert [r["measured_ns"] for r in each(timing(script))] == [400 * MS]


def test_a_marker_that_nothing_follows_is_censored() -> None:
    stage = timing(marked(("push", 10), ("power-on", 10), ("power-on", 800), ("ask", 100), ("answer", 50)))
    told = [(r["verdict"], r["measured_ns"]) for r in each(stage)]
    assert told == [("unanswered", 800 * MS), ("unanswered", 150 * MS)]
    stage = timing(marked(("power-on", 10), ("push", 100), ("power-on", 800), ("ask", 100), ("answer", 50)))
    assert row(stage)["unanswered"] == 1 and row(stage)["unjudged"] == 1


def test_the_first_response() -> None:
    profile = edited("hdlc", ('rule = "app.first-push"', 'rule = "app.first-response"'))
    steps = ("power-on", 10), ("push", 100), ("ask", 100), ("answer", 50), ("ask", 9), ("answer", 9)
    stage = timing(marked(*steps), profile)
    assert [r["measured_ns"] for r in each(stage, "app.first-response")] == [250 * MS]


def test_without_a_clock() -> None:
    script = marked(("power-on", 10), ("push", 100))
    script.records = [replace(r, first_ns=None, last_ns=None, uncertainty_ns=None) for r in script.records]
    assert [r["needs"] for r in each(timing(script, limited()))] == ["time"]


def test_names_that_no_rule_asks_for_are_not_kept() -> None:
    script = marked(*[(f"key-{n}", 1) for n in range(20)], ("push", 5))
    assert not timing(script).markers.open and not each(timing(script))


def test_a_rule_of_markers_must_name_one() -> None:
    with pytest.raises(UsageError, match=r"application\.timing\[\d+\]\.when.*starts from a marker"):
        edited("hdlc", (WHEN, ""))


def test_the_finding_of_a_marker() -> None:
    found = [f for f in rows_of(marked(("power-on", 10), ("push", 100)), "finding") if f["code"] == "line.marker"]
    assert [(f["severity"], f["text"]) for f in found] == [("note", "marker power-on")]


def test_traffic_of_no_profile_is_not_measured() -> None:
    script = Script(TEXT, [Channel(0, "log", TEXT), INPUTS])
    script.add(b"", channel=1, flags=Flag.STATUS, comment="marker power-on")
    script.add(PUSH).add(PUSH)
    assert not each(timing(script))
