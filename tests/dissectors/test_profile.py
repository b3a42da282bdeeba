"""Profiles: what is refused, with file and key path; lookups; the shipped descriptors."""

import hashlib
from pathlib import Path

import pytest

from dissectors.duration import Duration
from dissectors.errors import UsageError
from dissectors.profile import MAX_FILE_OCTETS, Profile, builtin, find, load, parse
from dissectors.profile_parameters import PARAMETERS
from dissectors.profile_rules import BANDWIDTH_RULES, RULES

SHIPPED = sorted(builtin())

SMALL = (Path(__file__).parents[1] / "data" / "small_profile.toml").read_text()


def small(old: str = "", new: str = "") -> Profile:
    assert old in SMALL
    return parse(SMALL.replace(old, new, 1).encode(), "small.toml")


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
    assert small("modulus = 8", "max_retries = 9").hdlc_parameters().max_retries == 9
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


def test_more_lookups() -> None:
    profile = small('"23.3" }', '"23.3" }\ncheck_sequence = { default = "x", values = ["x", "y"] }')
    checks = profile.parameter("hdlc", "check_sequence")
    assert checks is not None
    assert (checks.permits("x"), checks.permits("z"), checks.announced(1)) == (True, False, None)
    window = profile.parameter("hdlc", "window_tx")
    assert window is not None
    assert (window.announced(7), window.announced(8)) == (7, None)
    assert "small" in repr(profile)
    assert profile.stack().name == profile.stack("nothing").name == "line"
    assert len(builtin()) == len(SHIPPED)
    named = small('origin = "synthetic"', 'origin = "x"\nlayer = "llc"')
    assert named.example_layer(named.examples[0]) == "llc"
    only = small('class_id = 23\nattribute = 3\nmirrors = "layers.hdlc.window_tx"', "class_id = 23\nattribute = 3")
    found = only.announced(23, 3)
    assert found is not None
    assert found[1] == "window_tx"


def test_a_file_of_absurd_size_is_refused(tmp_path: Path) -> None:
    (tmp_path / "big.toml").write_bytes(b"#" * (MAX_FILE_OCTETS + 1))
    with pytest.raises(UsageError, match="of at most"):
        load(tmp_path / "big.toml")
