"""Profile documents, copies, differences, and examples that are run."""

import pytest

from analyzer.profile_doc import TEMPLATE, diff, document, new, summary
from dissectors.profile import Profile, builtin, find, parse

SHIPPED = sorted(builtin())


def changed(name: str, *changes: tuple[str, str]) -> Profile:
    text = find(name).octets.decode()
    for old, new_text in changes:
        assert old in text
        text = text.replace(old, new_text, 1)
    return parse(text.encode(), "changed.toml")


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


def test_control_characters_of_a_descriptor_do_not_reach_the_terminal() -> None:
    odd = changed("hdlc", ('name = "public client"', 'name = "public\\u001b[31m client"'))
    for text in (document(odd), summary(odd), *diff(find("hdlc"), odd)):
        assert "\x1b" not in text


def test_a_copy_names_its_origin_in_document_and_summary() -> None:
    base = find("hdlc")
    copy = parse(new("mine", base).replace("introduction = ", "#").encode(), "mine.toml")
    assert f"- Based on: hdlc, SHA-256 {base.sha256}" in document(copy)
    assert "## Introduction" not in document(copy)
    assert f"based on hdlc ({base.sha256[:12]})" in summary(copy)
