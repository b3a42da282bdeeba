import pytest
from hypothesis import given
from hypothesis import strategies as st

from dissectors.cosem import obis
from dissectors.cosem.classes import Extra, Pattern

codes = st.binary(min_size=6, max_size=6)


@given(codes)
def test_text_forms_are_read_back(code: bytes) -> None:
    for text in (obis.text(code), obis.dotted(code), code.hex(), obis.text(code).replace("*", "&")):
        assert obis.parse(text) == code


@pytest.mark.parametrize(
    ("text", "dotted"),
    [
        ("1.8.0", "1.0.1.8.0.255"),
        ("1.8", "1.0.1.8.0.255"),
        ("1-1:1.8.2*3", "1.1.1.8.2.3"),
        ("0:96.1.0", "1.0.96.1.0.255"),
        ("C.1.0", "1.0.96.1.0.255"),
        (" P.1.0 ", "1.0.99.1.0.255"),
    ],
)
def test_reduced_forms(text: str, dotted: str) -> None:
    code = obis.parse(text)
    assert code is not None and obis.dotted(code) == dotted


@pytest.mark.parametrize(
    "text",
    ["", "1", "1.2.3.4.5.256", "1-0:1.8.0*256", "zz", "1.2.3.4.5.6.7", "01000108", "clock", "٣.8.0", "0x0100010800"],
)
def test_no_code(text: str) -> None:
    assert obis.parse(text) is None


# the most seen codes, from the rule book
NAMES = {
    "0.0.1.0.0.255": "Clock",
    "0.0.42.0.0.255": "COSEM logical device name",
    "0.0.40.0.0.255": "Current association",
    "0.0.43.1.0.255": "Invocation counter",
    "0.0.96.1.0.255": "Device ID 1 (manufacturing number)",
    "0.0.96.1.4.255": "Device ID 5",
    "0.0.97.97.0.255": "Error register 1",
    "0.0.97.98.10.255": "Alarm filter 1",
    "1.0.0.0.3.255": "Electricity ID 4",
    "1.0.99.1.0.255": "Load profile with recording period 1",
    "1.0.1.7.0.255": "Active power+ (QI+QIV): Instantaneous value",
    "1.0.1.8.0.255": "Active energy import: Time integral 1",
    "1.0.1.8.2.255": "Active energy import: Time integral 1, rate 2",
    "1.0.1.8.2.5": "Active energy import: Time integral 1, rate 2, billing period 5",
    "1.0.2.8.0.101": "Active energy export: Time integral 1, last billing period",
    "1.0.15.8.0.255": "Active energy, absolute sum of import and export: Time integral 1",
    "1.0.21.7.0.255": "Active power+ (QI+QIV) L1: Instantaneous value",
    "1.0.32.7.0.255": "Voltage L1: Instantaneous value",
    "1.0.32.7.3.255": "Voltage L1: Instantaneous value, harmonic 3",
    "1.0.31.7.124.255": "Current L1: Instantaneous value, THD",
    "1.0.14.7.0.255": "Supply frequency: Instantaneous value",
    "1.0.81.7.10.255": "Angles: angle from U(L1) to reference U(L2)",
    "8.0.1.0.0.255": "Accumulated volume: Current value",
    "6.0.1.0.0.255": "Energy: Current value",
    "7.0.3.0.0.255": "Forward absolute meter volume: Index, value at metering conditions, current",
    "7.0.54.12.2.255": "Superior calorific value: Method, calculation method 2 supported",
    "1.0.1.8.0.103": "Active energy import: Time integral 1, billing period 3 before the current one",
    "1.0.1.8.0.126": "Active energy import: Time integral 1, unspecified number of last billing periods",
    "1.0.81.7.3.255": "Angles: Instantaneous value, E 3",
    "1.0.83.8.1.255": "ΣLi Active line losses+: Time integral 1",
    "1.0.12.32.1.255": "Voltage: Under limit occurrence counter, depth 10..<15 %, duration 0.1-0.5 s",
    "7.0.43.0.0.255": "Flow rate: Instantaneous, metering conditions",
    "7.0.70.12.0.255": "Natural gas analysis: Methane number, Process independent current value",
    "7.0.54.12.0.255": "Superior calorific value: Method, calculation method in use",
    "7.0.200.0.0.255": "Gas: C 200, D 0, E 0, reserved code",
    "8.0.77.0.0.255": "Cold water: C 77, D 0, E 0, reserved code",
    "8.0.1.0.20.255": "Accumulated volume: Current value, E 20",
    "15.0.3.0.0.255": "Solar: D 0",
    "0.1.24.2.1.255": "M-Bus value, channel 1",
    "1.0.94.34.1.255": "Country specific: Spain, E 1",
    "0.0.94.44.0.21": "Country specific: United Kingdom, E 0, F 21",
    "1.0.1.8.128.255": "Active energy import: Time integral 1, E 128, manufacturer specific",
}


@pytest.mark.parametrize("code", NAMES)
def test_names(code: str) -> None:
    octets = obis.parse(code)
    assert octets is not None
    assert obis.name(octets).text == NAMES[code]


def test_record_of_parts() -> None:
    name = obis.name(bytes((1, 2, 41, 8, 3, 12)))
    assert (name.medium, name.channel, name.quantity, name.phase) == ("Electricity", 2, "Active energy import", "L2")
    assert (name.processing, name.rate, name.period, name.status) == (
        "Time integral 1",
        3,
        "billing period 12",
        "standard",
    )
    assert obis.name(bytes((0, 0, 1, 0, 0, 255))).class_ids == (8,)
    assert obis.name(bytes((1, 0, 1, 31, 0, 7))).period == "threshold 7"


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("1.0.1.8.0.255", "standard"),
        ("0.0.1.0.0.255", "standard"),
        ("2.0.1.8.0.255", "reserved"),
        ("14.0.0.0.0.255", "reserved"),
        ("1.200.1.8.0.255", "reserved"),
        ("1.0.1.77.0.255", "reserved"),
        ("0.0.200.1.2.255", "reserved"),
        ("1.66.1.8.0.255", "utility"),
        ("1.130.1.8.0.255", "manufacturer"),
        ("1.0.150.8.0.255", "manufacturer"),
        ("1.0.240.8.0.255", "manufacturer"),
        ("1.0.1.128.0.255", "manufacturer"),
        ("1.0.1.8.254.255", "manufacturer"),
        ("1.0.1.8.0.128", "manufacturer"),
        ("0.0.93.1.0.255", "consortia"),
        ("0.0.94.49.0.255", "country"),
        ("0.0.97.97.255.255", "standard"),
    ],
)
def test_status(code: str, status: str) -> None:
    octets = obis.parse(code)
    assert octets is not None
    assert obis.name(octets).status == status


def test_a_profile_wins() -> None:
    extra = Extra(obis=(Pattern("1.0.1.8.e.255", "Our energy, tariff e", (3,)), Pattern("bad", "never")))
    assert obis.name(bytes((1, 0, 1, 8, 7, 255)), extra).text == "Our energy, tariff 7"
    assert obis.name(bytes((1, 0, 1, 8, 7, 255))).text == "Active energy import: Time integral 1, rate 7"
    assert obis.name(bytes((1, 0, 2, 8, 7, 255)), extra).text.startswith("Active energy export")


def test_patterns_are_sound() -> None:
    assert [
        obis.check_pattern(pattern.code) for pattern in obis._tables().patterns if obis.check_pattern(pattern.code)
    ] == []
    assert "six are expected" in str(obis.check_pattern("1.2.3"))
    for code in ("1.2.3.4.5.x", "1.2.3.4.5.9-3", "1.2.3.4.5.256"):
        assert obis.check_pattern(code) is not None


def test_specific_before_general() -> None:
    """Every pattern's own lowest code is named by a pattern that is at least as specific."""

    def exact(code: str) -> int:
        return sum(part.isdigit() for part in code.split("."))

    lowest = {"b": 0, "e": 0, "f": 255}
    for pattern in obis._tables().patterns:
        first = [token.split("|")[0].split("-")[0] for token in pattern.code.split(".")]
        code = bytes(lowest[token] if token in lowest else int(token) for token in first)
        assert exact(obis.name(code).pattern) >= exact(pattern.code), pattern


@given(st.binary(max_size=8))
def test_any_octets_have_a_name(code: bytes) -> None:
    assert obis.name(code).text
    assert obis.text(code) is not None
