"""Every problem: its code as the contract writes it, its words fit the arguments that the sources give it."""

import ast
import re
from pathlib import Path
from string import Formatter

import pytest

from dissectors import problem as P
from dissectors.problem import KINDS, SEVERITY_NAMES, Kind, Problem, Severity

ROOT = Path(__file__).resolve().parent.parent.parent
NAMES = {name: value for name, value in vars(P).items() if isinstance(value, Kind)}


def places(kind: Kind) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(kind.text) if name is not None}


def test_codes_are_those_of_the_contract() -> None:
    """The ids of the rules in lower case, first hyphen a dot."""
    assert len(KINDS) > 100 and set(map(id, KINDS.values())) == set(map(id, NAMES.values()))
    for code, kind in KINDS.items():
        assert code == kind.code and re.fullmatch(r"[a-z0-9]+(-21)?\.[a-z0-9]+(-[a-z0-9]+)*", code), code
        assert kind.layer == code.split(".")[0]
        assert kind.severity in Severity and SEVERITY_NAMES[kind.severity] in ("note", "warning", "error")
        assert kind.text and kind.text == kind.text.strip()


def test_rules_of_the_book_have_their_severity() -> None:
    expected = {
        "hdlc.ns-gap": "error", "hdlc.fcs": "error", "hdlc.retx": "note", "hdlc.p0": "warning", "hdlc.dm": "warning",
        "hdlc.two-clients": "note", "hdlc.llc": "error", "hdlc.turn": "error", "hdlc.addr-res": "note",
        "apdu.tag": "error", "apdu.trunc": "error", "apdu.trail": "warning", "apdu.size": "error",
        "apdu.version": "warning",
        "apdu.conf": "error", "apdu.vaa": "warning", "apdu.noaa": "error", "apdu.aare-mismatch": "warning",
        "apdu.hls-order": "error", "apdu.hls-len": "error", "apdu.invoke": "error", "apdu.unconf-resp": "error",
        "apdu.resp-type": "error", "apdu.block": "error", "apdu.err": "note", "apdu.data": "error",
        "apdu.datetime": "warning",
        "apdu.ciph-clear": "warning", "apdu.ciph-sc": "error", "apdu.ciph-ic": "error", "apdu.ciph-tag": "error",
        "apdu.st": "warning", "apdu.lls-clear": "warning", "apdu.push": "note",
    }  # fmt: skip
    assert {code: SEVERITY_NAMES[KINDS[code].severity] for code in expected} == expected


def test_a_code_is_declared_once() -> None:
    with pytest.raises(ValueError, match=r"apdu\.tag is declared twice"):
        P._kind("apdu.tag", Severity.NOTE, "again")


def test_placeholders_are_numbered_without_a_hole() -> None:
    for kind in KINDS.values():
        assert places(kind) == {str(n) for n in range(len(places(kind)))}, kind.code


def calls() -> list[tuple[str, Kind, int]]:
    """(place, kind, number of arguments) of each Problem, note, stop and about whose kind and arguments stand there."""
    found = []
    for folder in ("dissectors", "captures", "analyzer"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if not isinstance(node, ast.Call) or not node.args:
                    continue
                name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                first = node.args[0]
                word = first.attr if isinstance(first, ast.Attribute) else getattr(first, "id", "")
                kind = NAMES.get(word)
                if kind is None or any(isinstance(a, ast.Starred) for a in node.args):
                    continue
                place = f"{path.relative_to(ROOT)}:{node.lineno} {kind.code}"
                if name == "Problem":
                    given = [k.value for k in node.keywords if k.arg == "args"] or node.args[3:4]
                    if not given:
                        found.append((place, kind, 0))
                    elif isinstance(given[0], ast.Tuple) and not any(isinstance(e, ast.Starred) for e in given[0].elts):
                        found.append((place, kind, len(given[0].elts)))
                elif name in ("note", "about"):
                    found.append((place, kind, len(node.args) - 2))
                elif name == "stop":
                    found.append((place, kind, len(node.args) - 1))
    return found


def test_arguments_fit_the_words() -> None:
    found = calls()
    assert len(found) > 120
    wrong = [f"{place} has {n} arguments: {kind.text!r}" for place, kind, n in found if n != len(places(kind))]
    assert not wrong, "\n".join(wrong)


def test_text() -> None:
    assert Problem(P.WRAPPER_VERSION, args=(7,)).text == "version 7 where 1 is expected"
    assert Problem(P.HDLC_FLAG, args=(0xAB,)).text.startswith("octet 0xAB where")
    for args in (
        (),
        ("text where a number is expected",),
        (None,),
    ):  # the words stand even where the arguments are wrong
        assert "octet" in Problem(P.HDLC_FLAG, args=args).text


def test_arguments_from_the_wire_are_no_format() -> None:
    assert Problem(P.APDU_ERR, args=("{0} {1!r}",)).text == "{0} {1!r}"


def test_severity_may_be_overridden() -> None:
    assert Problem(P.HDLC_LLC).severity is Severity.ERROR
    assert Problem(P.HDLC_LLC, severity_override=Severity.NOTE).severity is Severity.NOTE
