"""Profiles: what is refused, with file and key path; lookups; the shipped descriptors."""

import hashlib
from pathlib import Path

import pytest

from dissectors.duration import Duration
from dissectors.errors import UsageError
from dissectors.profile import Profile, builtin, find, load, parse
from dissectors.profile_parameters import PARAMETERS
from dissectors.profile_rules import BANDWIDTH_RULES, RULES

SHIPPED = sorted(builtin())

SMALL = """
[profile]
name = "small"
title = "small communication profile for test networks"
standard = "none"

[[stack]]
name = "line"
layers = ["hdlc", "llc", "xdlms"]
recognition = { transports = ["serial"], check = "hdlc-fcs" }

[layers.hdlc]
window_tx = { default = 1, min = 1, max = 7, mirrors = "23.3" }
modulus = 8

[[addressing.client]]
sap = 16
name = "public client"

[[addressing.client]]
from = 17
to = 127
name = "client"

[[addressing.server]]
sap = 1
name = "management logical device"

[[application.role]]
client = 16
name = "public client"
servers = [1]

[[application.timing]]
rule = "link.response"
kind = "delay"
subject = "server"
min = "11 bit"
max = "330 bit + 50 ms"
clause = "some clause"
confidence = "B"

[[management.object]]
class_id = 23
attribute = 3
mirrors = "layers.hdlc.window_tx"

[[example]]
title = "one frame"
origin = "synthetic"
step = [{ at_us = 0, direction = "client-to-server", octets = "7E A0 07 03 21 93 0F 01 7E" }]

[[statement]]
id = "S-1"
clause = "5.3"
verb = "shall"
text = "a sentence"
check = "hdlc.fcs"
"""


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
    ("check", 'check = "hdlc.fcs"', 'check = "hdlc.nothing"', "$.statement[0].check: expected a timing rule"),
    ("first octets", 'check = "hdlc-fcs"', 'first_octets = ["7e"]', "$.stack[0].recognition.first_octets[0]: expected"),
    ("no TOML", "[profile]", "[profile", "expected TOML, "),
]


@pytest.mark.parametrize(("old", "new", "error"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_a_fault_is_refused_with_its_key_path(old: str, new: str, error: str) -> None:
    assert refused(old, new).startswith(error)


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


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"missing\.toml: expected a communication profile"):
        load(tmp_path / "missing.toml")
    (tmp_path / "latin.toml").write_bytes(b'text = "\xe4"')
    with pytest.raises(UsageError, match=r"latin\.toml: expected UTF-8 text, octet 8 is not"):
        load(tmp_path / "latin.toml")
    with pytest.raises(UsageError, match=r"expected a profile file or one of .*hdlc"):
        find("nothing")


def test_find_takes_names_and_paths(tmp_path: Path) -> None:
    path = tmp_path / "small.toml"
    path.write_text(SMALL)
    profile = find(path)
    assert (profile.name, profile.path) == ("small", str(path))
    assert profile.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert find("hdlc") is builtin()["hdlc"]


def test_a_changed_sap_changes_the_lookup() -> None:
    assert small().client(16) is not None
    text = SMALL.replace("sap = 16", "sap = 15").replace("client = 16", "client = 15")
    moved = parse(text.encode(), "small.toml")
    found = moved.client(15)
    assert found is not None
    assert found.name == "public client"
    assert moved.client(16) is None
    assert moved.client(17) is moved.client(127)
    assert moved.client(128) is None


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_profiles_are_complete(name: str) -> None:
    profile = builtin()[name]
    assert profile.name == name
    assert profile.references and profile.stacks and profile.timing and profile.examples and profile.statements
    assert profile.head.scope
    assert profile.process.object and profile.management.object and profile.roles and profile.layers.use
    assert {timing.rule for timing in profile.timing} <= set(RULES)
    for timing in profile.timing:
        assert timing.clause
        assert timing.parameter is None or (timing.min or timing.max)


def test_hdlc_addresses_depend_on_their_form() -> None:
    hdlc = find("hdlc")
    names = [
        (hdlc.server(0x7F, 1), "all-station"),
        (hdlc.server(0x7F, 4), "logical device"),
        (hdlc.server(0x3FFF, 4), "all-station"),
        (hdlc.physical(0x7E, 2), "calling physical device"),
        (hdlc.physical(0x7E, 4), "physical device"),
        (hdlc.physical(0x3FFE, 4), "calling physical device"),
        (hdlc.physical(5, 2), "reserved"),
        (hdlc.server(1), "management logical device"),
        (hdlc.client(16), "public client"),
        (hdlc.client(0), "no-station"),
    ]
    assert [sap and sap.name for sap, _ in names] == [name for _, name in names]
    assert hdlc.client(128) is None


def test_parameters_and_what_a_meter_may_announce() -> None:
    hdlc = find("hdlc")
    size = hdlc.parameter("hdlc", "max_info_tx")
    assert size is not None
    assert (size.default, size.min, size.max, size.permits(31), size.permits(2030)) == (128, 32, 2030, False, True)
    assert hdlc.parameter("hdlc", "nothing") is None
    assert hdlc.integer("hdlc", "modulus", 128) == 8
    assert hdlc.integer("nothing", "modulus", 128) == 128
    found = hdlc.announced(23, 8)
    assert found is not None
    assert found[:2] == ("hdlc", "inactivity_s")
    speed = hdlc.announced(23, 2)
    assert speed is not None
    assert speed[2].announced(5) == 9600
    assert speed[2].announced(10) is None
    assert hdlc.announced(1, 2) is None
    assert hdlc.hdlc_parameters().max_info_tx.max == 2030


def test_the_hdlc_layer_gets_what_the_profile_states() -> None:
    window = small("default = 1, min = 1, max = 7", "default = 3, min = 2, max = 4").hdlc_parameters().window_tx
    assert (window.default, window.min, window.max) == (3, 2, 4)


def test_timing_of_a_stack() -> None:
    tcp = find("tcp-udp-ip")
    of_udp = {rule.rule for _, rule in tcp.timing_of("udp")}
    assert "tcp.inactivity" not in of_udp
    assert "app.response" in of_udp
    index, rule = next((i, r) for i, r in tcp.timing_of("tcp") if r.rule == "tcp.inactivity")
    assert tcp.timing[index] is rule
    assert (rule.min, rule.max) == (Duration("180 s"), Duration("180 s"))
    assert rule.parameter == "41.6"


def test_the_vocabulary_explains_itself() -> None:
    assert set(BANDWIDTH_RULES.values()) <= set(RULES)
    for name, rule in RULES.items():
        assert name.count(".") == 1 and name == name.lower()
        assert rule.start and rule.end and rule.layers and rule.decidable
        assert set(rule.kinds) <= {"delay", "timeout", "period", "count"}
        assert (rule.unit == "ns") == ("count" not in rule.kinds)


def test_an_example_starts_above_its_carrier() -> None:
    tcp = find("tcp-udp-ip")
    assert {tcp.example_layer(example) for example in tcp.examples} == {"wrapper"}
    hdlc = find("hdlc")
    assert {hdlc.example_layer(example) for example in hdlc.examples} == {"hdlc"}


def test_the_manual_lists_every_rule_and_parameter() -> None:
    manual = (Path(__file__).parents[2] / "docs" / "profile-format.md").read_text()
    for name, rule in RULES.items():
        assert f"| `{name}` | {', '.join(rule.kinds)} | {rule.start} | {rule.end} | {rule.decidable} |" in manual
    for layer, type in PARAMETERS.items():
        row = next(line for line in manual.splitlines() if line.startswith(f"| `{layer}` |"))
        assert all(f"`{name}`" in row for name in type.__struct_fields__ if name not in ("text", "standard", "clause"))
    for table in ("profile", "environment", "addressing", "additional", "text"):
        assert f"| `[{table}]` |" in manual
