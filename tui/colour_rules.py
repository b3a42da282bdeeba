"""Colour rules: how a row looks, by the first rule that matches. Each has a mark too, so that colour is never needed.

A rule is a display filter for each level it speaks of, or the beginning of a finding's code. A frame matches
where a message that it carries does.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from rich.cells import cell_len

from analyzer import filters
from analyzer.filters import Keep
from dissectors.errors import UsageError
from tui import settings
from tui.columns import LEVELS
from tui.loader import Capture
from tui.row_list import STYLES
from tui.text import safe

FILE = "colours.toml"
LATE = "timing."
GOOD = '{"success", "accepted", "normal", "unconfirmed"}'  # results that nobody need look at


class ColourRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """style: one of row_list.STYLES. mark: one cell. filters: by level. finding: how the code of a finding about the
    row begins."""

    name: str
    style: str
    mark: str
    filters: Mapping[str, str] = {}
    finding: str = ""


SHIPPED: tuple[ColourRule, ...] = (
    ColourRule("errors", "error", "✗", {
        "frame": 'severity == "error" || layer == "noise"', "message": 'severity == "error"',
        "exchange": 'severity == "error" || unanswered',
    }),
    ColourRule("late answers", "late", "L", finding=LATE),
    ColourRule("exceptions", "exception", "x", {
        "message": f'role == "response" && result && not result in {GOOD}',
        "exchange": f'result && not result in {GOOD}',
    }),
    ColourRule("warnings", "warning", "!", {
        "frame": 'severity == "warning"', "message": 'severity == "warning"', "exchange": 'severity == "warning"',
    }),
    ColourRule("push", "push", "P", {
        "message": 'role == "unsolicited"',
        "exchange": 'service in {"data-notification", "event-notification", "information-report"}',
    }),
    ColourRule("ciphered", "ciphered", "C", {"message": "security"}),
    ColourRule("acknowledgements", "muted", "·", {"frame": 'kind in {"RR", "tcp.ack"}'}),
)  # fmt: skip


class Written(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A person's file."""

    rule: list[ColourRule] = []


def load(path: Path | None = None) -> tuple[ColourRule, ...]:
    """A person's rules (`colours.toml` in the folder of the settings, a [[rule]] each), then those that ship.

    UsageError: a rule that cannot be, with file, rule and what was expected."""
    path = path or settings.folder() / FILE
    try:
        own = msgspec.toml.decode(path.read_bytes(), type=Written).rule
    except FileNotFoundError:
        return SHIPPED
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: {error}") from None
    for rule in own:
        _check(f"{path}: rule {rule.name!r}", rule)
    return (*own, *SHIPPED)


def _check(where: str, rule: ColourRule) -> None:
    if rule.style not in STYLES:
        raise UsageError(f"{where}: style {rule.style!r}, expected one of {', '.join(STYLES)}")
    if cell_len(safe(rule.mark)) != 1:
        raise UsageError(f"{where}: mark {rule.mark!r}, expected one character, which says the same without colour")
    if not rule.filters and not rule.finding:
        raise UsageError(f"{where}: expected filters (by level) or finding, the beginning of a finding's code")
    for level, source in rule.filters.items():
        if level not in LEVELS:
            raise UsageError(f"{where}: filters.{level}: expected one of {', '.join(LEVELS)}")
        try:
            filters.compile(source, level)
        except UsageError as error:
            raise UsageError(f"{where}: filters.{level}: {error}") from None


class ColourRules:
    """The rules in force for one capture."""

    def __init__(self, capture: Capture, rules: Sequence[ColourRule] = SHIPPED) -> None:
        """UsageError: a filter of a rule that cannot be read."""
        self.capture = capture
        self.rules = rules
        self.on = True
        self._keeps: list[dict[str, Keep]] = [
            {level: filters.compile(source, level) for level, source in rule.filters.items()} for rule in rules
        ]
        self._codes: dict[str, set[int]] = {rule.finding: set() for rule in rules if rule.finding}
        self._seen = 0  # findings taken in

    def look(self, level: str, item: Any, messages: Sequence[Any] = ()) -> tuple[str, str]:
        """(style, mark) of a row; messages: those of a frame. In the capture's turn."""
        if not self.on:
            return "", ""
        self._take()
        run = self.capture.analysis.run
        for rule, keeps in zip(self.rules, self._keeps):
            if level in keeps and keeps[level](item, run):
                return rule.style, rule.mark
            if level == "frame" and "message" in keeps and any(keeps["message"](m, run) for m in messages):
                return rule.style, rule.mark
            if rule.finding and self._found(rule.finding, level, item):
                return rule.style, rule.mark
        return "", ""

    def _take(self) -> None:
        found = self.capture.analysis.findings
        for finding in found[self._seen :]:
            for start, frames in self._codes.items():
                if finding.code.startswith(start):
                    frames.add(finding.frame)
        self._seen = len(found)

    def _found(self, start: str, level: str, item: Any) -> bool:
        frames = self._codes[start]
        if level == "frame":
            return item.no in frames
        if level == "message":
            return any(no in frames for no in item.pdu.frames)
        return item.frames[1] in frames if item.frames[1] else item.frames[0] in frames
