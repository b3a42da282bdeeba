"""Profile documents, copies, differences, and examples that are run."""

import pytest

from analyzer.profile_doc import TEMPLATE, check, diff, document, new, run_examples, summary
from analyzer.profile_examples import by_layers, compare
from dissectors.errors import UsageError
from dissectors.profile import Profile, builtin, find, parse
from dissectors.profile_types import Expect

SHIPPED = sorted(builtin())


def changed(name: str, *changes: tuple[str, str]) -> Profile:
    text = find(name).octets.decode()
    for old, new_text in changes:
        assert old in text
        text = text.replace(old, new_text, 1)
    return parse(text.encode(), "changed.toml")


@pytest.mark.parametrize("name", SHIPPED)
def test_examples_decode_to_what_the_profile_says(name: str) -> None:
    assert check(builtin()[name]) == []


def test_an_example_that_decodes_otherwise_is_reported() -> None:
    wrong = changed("hdlc", ('kind = "SNRM"', 'kind = "DISC"'), ('apdu = "aarq"', 'apdu = "aare"'))
    session = "(example 'Session of a public client with window 1')"
    assert check(wrong) == [
        f"$.example[0].step[0].expect.kind: expected DISC, found SNRM {session}",
        f"$.example[0].step[2].expect.apdu: expected aare, found aarq {session}",
    ]
    value = changed("tcp-udp-ip", ('"data.value" = 1', '"data.value" = 2'))
    assert [failure.key for failure in run_examples(value, by_layers)] == [
        "$.example[0].step[3].expect.values.data.value"
    ]
    damaged = changed("hdlc", ('octets = "7E A0 20 03 21', 'octets = "7E A0 20 03 23'))
    assert [failure.key for failure in run_examples(damaged, by_layers)] == ["$.example[0].step[0].expect.problems"]


def test_verdicts_are_compared_where_a_judge_is_given() -> None:
    hdlc = find("hdlc")
    expected = {
        example.title: {k: v for s in example.step for k, v in s.expect.verdicts.items()} for example in hdlc.examples
    }
    assert {"link.inactivity": "pass"} in expected.values()
    assert run_examples(hdlc, by_layers, lambda profile, example: expected[example.title]) == []
    failures = run_examples(hdlc, by_layers, lambda profile, example: {})
    assert [(failure.expected, failure.found) for failure in failures] == [("link.inactivity pass", "not-observed")]


def test_compare_takes_notes_but_no_unexpected_problem() -> None:
    found = {
        "layers": ["hdlc", "llc", "xdlms"],
        "messages": [{"apdu": "aarq", "items": [{"x": 1}]}],
        "problems": ["hdlc.retx"],
    }
    assert compare(Expect(layers=("hdlc", "llc"), apdu="aarq", values={"items.0.x": 1}), found) == []
    assert [part for part, _, _ in compare(Expect(layers=("llc",), kind="I"), found)] == ["layers", "kind"]
    assert [part for part, _, _ in compare(Expect(), found | {"problems": [{"code": "hdlc.fcs"}]})] == ["problems"]
    assert [part for part, _, _ in compare(Expect(problems=("hdlc.fcs",)), found)] == ["problems"]
    assert compare(Expect(apdu=""), {}) == []
    assert [part for part, _, _ in compare(Expect(values={"items.7": 1}), found)] == ["values.items.7"]


@pytest.mark.parametrize("name", SHIPPED)
def test_a_document_has_every_clause_of_the_template_in_order(name: str) -> None:
    lines = document(builtin()[name]).splitlines()
    places = [
        next(i for i, line in enumerate(lines) if line.endswith(f" {title}") and line.startswith("##"))
        for _, title in TEMPLATE
    ]
    assert places == sorted(places)
    assert lines[0] == f"# {builtin()[name].title}"
    assert lines.index("## Conformance statement") > places[-1]


def test_a_document_prints_what_the_descriptor_states() -> None:
    profile = changed(
        "hdlc",
        ('name = "public client"', 'name = "public | client"'),
        ("[text]\n", '[text]\n"7.6.1" = "prose of a sub-clause"\n'),
    )
    text = document(profile, {"link.inactivity": "fail"})
    assert "| 0x10 | public \\| client | mandatory |" in text
    assert "#### 7.6.1\n\nprose of a sub-clause" in text
    assert profile.sha256 in text
    row = next(line for line in text.splitlines() if line.startswith("| HDLC-12 "))
    assert row.endswith("| link.inactivity | fail |")
    assert next(line for line in text.splitlines() if line.startswith("| HDLC-1 ")).endswith("| not-observed |")
    assert "The profile states nothing here." in text  # Annex B of this profile


def test_annex_b_is_printed() -> None:
    extra = """
[[interface_class]]
class_id = 9000
name = "Test class"
attribute = [{ id = 2, name = "value", type = "long-unsigned", min = 1, static = false }]
method = [{ id = 1, name = "reset" }]

[[obis]]
code = "0-b:96.99.0*255"
name = "Test object"
class_id = [9000]
"""
    text = document(parse(find("hdlc").octets + extra.encode(), "x.toml"))
    assert "### Class 9000, version 0: Test class" in text
    assert "| 2 | value | long-unsigned | 1 | dynamic |" in text
    assert "| 0-b:96.99.0*255 | Test object | 9000 |" in text


@pytest.mark.parametrize("name", SHIPPED)
def test_a_summary_names_stacks_addresses_and_limits(name: str) -> None:
    profile = builtin()[name]
    text = summary(profile)
    assert all(f"  {stack.name}: " in text for stack in profile.stacks)
    assert all(timing.rule in text for timing in profile.timing)
    assert all(sap.name in text for sap in profile.clients)


@pytest.mark.parametrize("name", SHIPPED)
def test_a_copy_differs_in_name_and_origin_alone(name: str) -> None:
    base = builtin()[name]
    text = new("mine", base)
    copy = parse(text.encode(), "mine.toml")
    assert copy.name == "mine"
    assert copy.head.based_on is not None
    assert (copy.head.based_on.name, copy.head.based_on.sha256) == (name, base.sha256)
    assert text.count("#") == base.octets.decode().count("#")  # comments are kept
    assert [line.split(":")[0] for line in diff(base, copy)] == ["~ $.profile.name", "+ $.profile.based_on"]
    again = parse(new("ours", copy).encode(), "ours.toml")
    assert again.head.based_on is not None
    assert again.head.based_on.name == "mine"


def test_a_copy_needs_a_proper_name_and_a_plain_head() -> None:
    with pytest.raises(UsageError, match=r"\$\.profile\.name"):
        new("My Profile", find("hdlc"))
    odd = changed("hdlc", ('[profile]\nname = "hdlc"', '[profile]\n"name" = "hdlc"'))
    with pytest.raises(UsageError, match="expected a line name"):
        new("mine", odd)


def test_a_copy_replaces_the_origin_however_it_is_written() -> None:
    sha = "0" * 64
    first = changed("hdlc", ("# --- clause 2", f'[profile.based_on]\nname = "x"\nsha256 = "{sha}"\n\n# --- clause 2'))
    copy = parse(new("mine", first).encode(), "mine.toml")
    assert copy.head.based_on is not None
    assert copy.head.based_on.name == "hdlc"


def test_differences_are_told_by_key_path() -> None:
    base = find("tcp-udp-ip")
    other = changed(
        "tcp-udp-ip",
        ('name = "public client"', 'name = "anybody"'),
        ("[[addressing.client]]", '[[addressing.client]]\nsap = 0x9\nname = "nine"\n\n[[addressing.client]]'),
        ('from = 0x0002\nto = 0x000F\nname = "client"', 'from = 0x0002\nto = 0x0008\nname = "client"'),
        ("mss = { default = 576, min = 40", "mss = { default = 536, min = 40"),
        ('edition = "2013"\n', ""),
    )
    assert diff(base, base) == []
    lines = diff(base, other)
    assert '- $.profile.edition: "2013"' in lines
    assert "~ $.layers.tcp.mss.default: 576 → 536" in lines
    assert '+ $.addressing.client[0]: { sap = 9, name = "nine" }' in lines
    assert '~ $.addressing.client[4].name: "public client" → "anybody"' in lines
    assert any(line.startswith("- $.addressing.client[2]") for line in lines)
    assert len(lines) == 6
