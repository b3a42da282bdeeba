"""Copies of profiles, and what two of them say differently."""

import pytest

from analyzer.profile_text import diff, new
from dissectors.errors import UsageError
from dissectors.profile import Profile, builtin, find, parse

SHIPPED = sorted(builtin())


def changed(name: str, *changes: tuple[str, str]) -> Profile:
    text = find(name).octets.decode()
    for old, new_text in changes:
        assert old in text
        text = text.replace(old, new_text, 1)
    return parse(text.encode(), "changed.toml")


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


def test_values_that_changed_their_type_and_lists_that_changed_are_shown() -> None:
    other = changed(
        "hdlc",
        ("stuffing = false", "stuffing = { default = true }"),
        ("server_octets = [1, 2, 4]", "server_octets = [1]"),
    )
    assert diff(find("hdlc"), other) == [
        "~ $.layers.hdlc.stuffing: false → { default = true }",
        "~ $.addressing.server_octets: [1, 2, 4] → [1]",
    ]


def test_a_name_behind_another_table_is_not_the_profiles() -> None:
    odd = changed("hdlc", ('[profile]\nname = "hdlc"', '[profile]\n"name" = "hdlc" # [x]\n'))
    with pytest.raises(UsageError, match="expected a line name"):
        new("mine", odd)
