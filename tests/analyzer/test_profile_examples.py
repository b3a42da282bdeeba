"""Examples of profiles are run; every difference is reported where the descriptor states it."""

import pytest

from analyzer.profile_examples import by_layers, check, compare, run_examples
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


def test_octets_that_decode_to_nothing_are_reported_and_raise_nothing() -> None:
    for octets in ("00", "7E", "7E A0 07 03 21 10 FF", "FF FF FF FF"):
        odd = changed("hdlc", ('octets = "7E A0 20 03 21', f'octets = "{octets} 7E A0 20 03 21'))
        assert all(failure.text.startswith("$.example[0].step[0].expect.") for failure in run_examples(odd, by_layers))
        assert run_examples(odd, by_layers)


def test_data_that_stops_early_is_no_value() -> None:
    found = by_layers(bytes.fromhex("C401C1000600"), "xdlms", "server-to-client")
    assert found["problems"]
