"""Colour rules: the first that matches; each has a mark."""

from pathlib import Path

import pytest
from screens import DEMO, read

from analyzer.model import Message
from dissectors.errors import UsageError
from dissectors.record import Frame
from tui import colour_rules
from tui.colour_rules import SHIPPED, ColourRule, ColourRules
from tui.columns import Cells
from tui.loader import Capture
from tui.row_list import STYLES

OWN = """
[[rule]]
name = "requests to read"
style = "good"
mark = "r"
filters = { message = 'apdu == "get-request-normal"' }
"""


def looks(capture: Capture, level: str, rules: ColourRules) -> dict[int, str]:
    cells = Cells(capture, level)
    out = {}
    for no in range(1, capture.counts().of(level) + 1):
        item = cells.item(no)
        style, mark = rules.look(level, item, cells.messages(item) if isinstance(item, Frame) else ())
        assert bool(style) == bool(mark)
        out[no] = mark
    return out


def test_every_rule_has_a_style_and_a_mark_of_its_own() -> None:
    assert all(rule.style in STYLES and rule.mark for rule in SHIPPED)
    assert len({rule.mark for rule in SHIPPED}) == len(SHIPPED)


@pytest.mark.parametrize("level", ["frame", "message", "exchange"])
def test_the_shipped_rules_on_a_line_with_faults(level: str) -> None:
    capture = read(str(DEMO / "hdlc-serial.pcapng"))
    found = looks(capture, level, ColourRules(capture))
    a = capture.analysis
    if level == "frame":
        for no, mark in found.items():
            worst = max((p.severity for p in a.frame(no).problems), default=-1)
            assert (mark == "✗") >= (worst == 2)
        assert {"✗", "!", "L", "·", ""} <= set(found.values())
    if level == "message":
        refused = [n for n in found if a.message(n).apdu.result == "read-write-denied"]
        assert refused and all(found[n] in "x✗" for n in refused)
    if level == "exchange":
        unanswered = [n for n in found if not a.exchange(n).responses and a.exchange(n).result is None]
        assert unanswered and all(found[n] == "✗" for n in unanswered)


def test_ciphered_and_pushed() -> None:
    for name, level, mark in (("wrapper-tcp-ciphered", "frame", "C"), ("wrapper-tcp", "message", "P")):
        capture = read(str(DEMO / f"{name}.pcapng"))
        assert mark in looks(capture, level, ColourRules(capture)).values()


def test_the_first_rule_wins_and_none_when_off() -> None:
    capture = read(str(DEMO / "hdlc-serial.pcapng"))
    rules = (ColourRule("all", "good", "a", {"message": "no > 0"}), *SHIPPED)
    own = ColourRules(capture, rules)
    assert set(looks(capture, "message", own).values()) == {"a"}
    item: Message = Cells(capture, "message").item(1)
    own.on = False
    assert own.look("message", item) == ("", "")


def test_a_rule_that_cannot_be_read() -> None:
    with pytest.raises(UsageError, match="no field 'nosuch'"):
        ColourRules(read(str(DEMO / "hdlc-serial.pcapng")), [ColourRule("x", "error", "x", {"frame": "nosuch"})])


def test_rules_of_a_person_come_first(tmp_path: Path) -> None:
    path = tmp_path / "colours.toml"
    path.write_text(OWN)
    rules = colour_rules.load(path)
    assert rules[1:] == SHIPPED
    capture = read(str(DEMO / "hdlc-serial.pcapng"))
    found = looks(capture, "message", ColourRules(capture, rules))
    requests = {no for no in found if capture.analysis.message(no).apdu.name == "get-request-normal"}
    assert requests and {no for no, mark in found.items() if mark == "r"} == requests
    assert colour_rules.load(tmp_path / "none.toml") == SHIPPED


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[rule", "colours.toml: "),
        ('[[rule]]\nname = "a"\nstyle = "good"', "mark"),
        ('[[rule]]\nname = "a"\nstyle = "pink"\nmark = "a"\nfinding = "x"', "style 'pink', expected one of error"),
        ('[[rule]]\nname = "a"\nstyle = "good"\nmark = "ab"\nfinding = "x"', "mark 'ab', expected one character"),
        ('[[rule]]\nname = "a"\nstyle = "good"\nmark = "a"', "expected filters"),
        ('[[rule]]\nname = "a"\nstyle = "good"\nmark = "a"\nfilters = { row = "a" }', "filters.row: expected one of"),
        ('[[rule]]\nname = "a"\nstyle = "good"\nmark = "a"\nfilters = { frame = "no ==" }', "filters.frame: filter: "),
        ('[[rule]]\nname = "a"\nstyle = "good"\nmark = "a"\ncolour = 1\nfinding = "x"', "unknown field `colour`"),
    ],
)
def test_a_rule_of_a_person_that_cannot_be_is_said(text: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "colours.toml"
    path.write_text(text)
    with pytest.raises(UsageError) as caught:
        colour_rules.load(path)
    assert said in str(caught.value) and "\n" not in str(caught.value)
