"""What is refused in a profile: each fault in one line, with file and key path."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dissectors.errors import UsageError
from dissectors.profile import Profile, parse

SMALL = (Path(__file__).parents[1] / "data" / "small_profile.toml").read_text()


def small(old: str = "", new: str = "") -> Profile:
    assert old in SMALL
    return parse(SMALL.replace(old, new, 1).encode(), "small.toml")


def refused(old: str, new: str) -> str:
    with pytest.raises(UsageError) as error:
        small(old, new)
    text = str(error.value)
    assert text.startswith("small.toml: ")
    assert "\n" not in text
    return text.removeprefix("small.toml: ")


CASES = [
    ("unknown key", 'name = "small"', 'name = "small"\nnmae = "x"', "$.profile.nmae: unknown key"),
    ("unknown table", "[[statement]]", "[[statemnt]]", "$.statemnt: unknown key"),
    ("missing key", 'standard = "none"', "", "$.profile.standard: required key is missing"),
    ("wrong type", "sap = 16", 'sap = "16"', "$.addressing.client[0].sap: Expected `int | null`, got `str`"),
    ("out of range", "sap = 16", "sap = 65536", "$.addressing.client[0].sap: Expected `int` <= 65535"),
    ("title", "for test networks", "for tests", "$.profile.title: expected"),
    ("name", 'name = "small"', 'name = "Small Profile"', "$.profile.name: "),
    ("unknown layer", '"hdlc", "llc"', '"hdlc", "lcl"', "$.stack[0].layers[1]: expected a layer"),
    ("layer without parameters", "[layers.hdlc]", "[layers.hdcl]", "$.layers.hdcl: expected one of"),
    ("unknown parameter", "modulus = 8", "modulo = 8", "$.layers.hdlc.modulo: unknown key"),
    ("parameter type", "modulus = 8", "modulus = 8.5", "$.layers.hdlc.modulus: Expected"),
    ("parameter default", "default = 1,", "default = 8,", "$.layers.hdlc.window_tx.default: 8 is outside"),
    ("parameter range", "min = 1, max = 7", "min = 9, max = 7", "$.layers.hdlc.window_tx.max: expected at least min 9"),
    ("mirrors", 'mirrors = "23.3"', 'mirrors = "23.4"', "$.management.object[0].mirrors: layers.hdlc.window_tx itself"),
    (
        "mirrored",
        '"layers.hdlc.window_tx"',
        '"layers.hdlc.window_rx"',
        "$.management.object[0].mirrors: expected a parameter",
    ),
    ("overlap", "from = 17", "from = 16", "$.addressing.client[1].from: overlaps client[0] ('public client', 16)"),
    ("range", "to = 127", "to = 3", "$.addressing.client[1].to: expected at least from 17"),
    ("half a range", "to = 127", "", "$.addressing.client[1].sap: expected either sap, or both from and to"),
    ("both forms", "from = 17", "sap = 17\nfrom = 17", "$.addressing.client[1].sap: expected either"),
    ("role's client", "client = 16", "client = 15", "$.application.role[0].client: expected a SAP"),
    ("role's server", "servers = [1]", "servers = [1, 2]", "$.application.role[0].servers[1]: expected a SAP"),
    (
        "unknown rule",
        '"link.response"',
        '"link.respons"',
        "$.application.timing[0].rule: expected a rule of the vocabulary",
    ),
    ("kind", 'kind = "delay"', 'kind = "count"', "$.application.timing[0].kind: link.response may be delay"),
    ("kind's word", 'kind = "delay"', 'kind = "gap"', "$.application.timing[0].kind: Invalid enum value 'gap'"),
    ("duration", '"11 bit"', '"11 bits"', "$.application.timing[0].min: expected a sum of terms"),
    ("duration type", '"11 bit"', "11", "$.application.timing[0].min: expected a limit as text"),
    ("duration unit", '"11 bit"', '"11 count"', "$.application.timing[0].min: link.response expects a time"),
    (
        "min and max",
        '"11 bit"',
        '"400 bit + 50 ms"',
        "$.application.timing[0].max: expected at least min '400 bit + 50 ms'",
    ),
    (
        "clause",
        'clause = "some clause"',
        'clause = ""',
        "$.application.timing[0].clause: Expected `str` of length >= 1",
    ),
    ("samples", 'clause = "some', 'per = "p95"\nclause = "some', "$.application.timing[0].min_samples: per = 'p95'"),
    (
        "attribute",
        'clause = "some',
        'parameter = "23.8"\nclause = "some',
        "$.application.timing[0].parameter: expected a [[man",
    ),
    (
        "stack",
        'clause = "some',
        'stacks = ["lien"]\nclause = "some',
        "$.application.timing[0].stacks[0]: expected a stack",
    ),
    ("octets", '"7E A0', '"7G A0', "$.example[0].step[0].octets: expected hexadecimal octets"),
    ("example's stack", 'origin = "synthetic"', 'origin = "x"\nstack = "lien"', "$.example[0].stack: expected a stack"),
    ("example's layer", 'origin = "synthetic"', 'origin = "x"\nlayer = "lien"', "$.example[0].layer: expected a layer"),
    (
        "problem code",
        '7E" }',
        '7E", expect = { problems = ["no"] } }',
        "$.example[0].step[0].expect.problems[0]: expected",
    ),
    (
        "verdict",
        '7E" }',
        '7E", expect = { verdicts = { "link.response" = "ok" } } }',
        "$.example[0].step[0].expect.verdicts",
    ),
    (
        "layer used",
        "[layers.hdlc]",
        '[[layers.use]]\nstandard = "x"\nuse = "normative"\nlayer = "x"\n[layers.hdlc]',
        "$.layers.use[0].layer: ",
    ),
    (
        "shares",
        "[[management",
        '[[application.bandwidth]]\nrule = "goodput"\nwindow = "1 s"\nclause = "c"\n'
        "min_percent = 9\nmax_percent = 8\n[[management",
        "$.application.bandwidth[0].max_percent: expected at least",
    ),
    (
        "counts",
        'clause = "some',
        'clause = "c"\nconfidence = "B"\n[[application.timing]]\nrule = "link.retries"\nkind = "count"\n'
        'subject = "client"\nmin = "3 count"\nmax = "2 count"\nclause = "some',
        "$.application.timing[1].max: expected at least min '3 count'",
    ),
    ("mirrors without attribute", "attribute = 3\n", "", "$.management.object[0].attribute: expected the attribute"),
    (
        "mirrors nothing",
        "modulus = 8",
        'modulus = { default = 8, mirrors = "99.2" }',
        "$.layers.hdlc.modulus.mirrors: expected a [[man",
    ),
    (
        "time of a step",
        'direction = "client-to-server", octets = "7E A0 07 03 21 93 0F 01 7E" }',
        'direction = "unknown", octets = "00" }, { at_us = 5, direction = "unknown", octets = "00" }, '
        '{ at_us = 4, direction = "unknown", octets = "00" }',
        "$.example[0].step[2].at_us: expected at least 5",
    ),
    (
        "verdict's rule",
        '7E" }',
        '7E", expect = { verdicts = { "x" = "pass" } } }',
        "$.example[0].step[0].expect.verdicts: expected a rule",
    ),
    (
        "class twice",
        "[[statement]]",
        '[[interface_class]]\nclass_id = 9\nname = "a"\n[[interface_class]]\nclass_id = 9\nname = "b"\n[[statement]]',
        "$.interface_class[1].class_id: class 9",
    ),
    (
        "code twice",
        "[[statement]]",
        '[[obis]]\ncode = "0-b:1.0.0*255"\nname = "a"\n[[obis]]\ncode = "0-b:1.0.0*255"\nname = "b"\n[[statement]]',
        "$.obis[1].code: 0-b:1.0.0*255 stands twice",
    ),
    (
        "layers are a table",
        '[layers.hdlc]\nwindow_tx = { default = 1, min = 1, max = 7, mirrors = "23.3" }\nmodulus = 8\n',
        "[[layers]]\nx = 1\n",
        "$.layers: Expected `object`, got `array`",
    ),
    ("check", 'check = "hdlc.fcs"', 'check = "hdlc.nothing"', "$.statement[0].check: expected a timing rule"),
    ("first octets", 'check = "hdlc-fcs"', 'first_octets = ["7e"]', "$.stack[0].recognition.first_octets[0]: expected"),
    ("no TOML", "[profile]", "[profile", "expected TOML, "),
]


@pytest.mark.parametrize(("old", "new", "error"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_a_fault_is_refused_with_its_key_path(old: str, new: str, error: str) -> None:
    assert refused(old, new).startswith(error)


def test_an_error_stays_one_line_whatever_a_key_holds() -> None:
    assert refused('name = "small"', '"a\\n\\u001bb" = 1\nname = "small"') == r"$.profile.a\n\x1bb: unknown key"
    assert refused("[layers.hdlc]", '[layers."a\\nb"]').startswith(r"$.layers.a\nb: expected one of use")
    assert refused("[[statement]]", '[text]\n"five" = "x"\n[[statement]]').startswith("$.text: Expected `str` matching")


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, SMALL.count("\n") - 1),
    st.sampled_from(["", "[x]", "[[stack]]", "name = 1", "layers = 5", "sap = -1", "min = [[]]", '"" = {}', "\x00"]),
    st.booleans(),
)
def test_any_change_of_a_line_gives_a_profile_or_a_usage_error(at: int, line: str, keep: bool) -> None:
    lines = SMALL.splitlines()
    lines[at : at + (not keep)] = [line]
    try:
        assert parse("\n".join(lines).encode(), "small.toml").name
    except UsageError as error:
        assert str(error).startswith("small.toml: ")
        assert "\n" not in str(error)


def test_the_unchanged_text_is_taken() -> None:
    assert small().name == "small"


def test_entries_that_stand_twice_are_refused() -> None:
    timing = SMALL[SMALL.index("[[application.timing]]") : SMALL.index("[[management")]
    assert refused(timing, timing + timing).startswith("$.application.timing[1].rule: the same rule")
    statement = SMALL[SMALL.index("[[statement]]") :]
    assert refused(statement, statement + statement).startswith("$.statement[1].id: S-1 stands twice")
    stack = SMALL[SMALL.index("[[stack]]") : SMALL.index("[layers.hdlc]")]
    assert refused(stack, stack + stack).startswith("$.stack[1].name: 'line' names two stacks")


def test_further_faults_are_counted() -> None:
    assert refused("from = 17", "from = 16\nstacks = ['x']").endswith("(and 1 more)")
