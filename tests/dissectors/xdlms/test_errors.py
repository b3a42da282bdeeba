import pytest
from encode.read import codes, fields, read
from hypothesis import given
from hypothesis import strategies as st

from dissectors.xdlms import errors
from dissectors.xdlms.errors import ExceptionResponse


@pytest.mark.parametrize(
    ("octets", "detail", "result"),
    [
        ("D80101", ExceptionResponse(1, 1), "operation-not-possible"),
        ("D80202", ExceptionResponse(2, 2), "service-not-supported"),
        ("D80105", ExceptionResponse(1, 5), "deciphering-error"),
        ("D8010600000123", ExceptionResponse(1, 6, 0x123), "invocation-counter-error"),
        ("D80206FFFFFFFF", ExceptionResponse(2, 6, 0xFFFFFFFF), "invocation-counter-error"),
    ],
)
def test_exception_response(octets: str, detail: ExceptionResponse, result: str) -> None:
    apdu, problems, tree, end = read(errors.exception_response, bytes.fromhex(octets))
    assert (apdu.name, apdu.service, apdu.role) == ("exception-response", "exception", "response")
    assert (apdu.detail, apdu.result, end) == (detail, result, len(octets) // 2)
    assert not problems
    assert fields(tree)["state-error"] == {1: "service-not-allowed", 2: "service-unknown"}[detail.state_error]


def test_counter_that_is_missing_keeps_the_error() -> None:
    for octets in ("D80106", "D801060001", "D80106000102"):
        apdu, problems, _, _ = read(errors.exception_response, bytes.fromhex(octets))
        assert apdu.detail == ExceptionResponse(1, 6) and codes(problems) == ["apdu.trunc"]
        assert problems[0].args[1:] == (4, len(octets) // 2 - 3)


def test_enumerations_that_are_not_defined() -> None:
    apdu, problems, tree, _ = read(errors.exception_response, bytes.fromhex("D80309"))
    assert apdu.result == "unknown-9" and codes(problems) == ["apdu.value", "apdu.value"]
    assert fields(tree) == {"state-error": "unknown-3", "service-error": "unknown-9"}


# every group of the rule book with the number of its values
GROUPS = {0: 7, 1: 5, 2: 5, 3: 3, 4: 4, 5: 5, 6: 5, 7: 8, 9: 5, 10: 1}


@pytest.mark.parametrize("group", GROUPS)
def test_all_groups_of_confirmed_service_error(group: int) -> None:
    for value in range(GROUPS[group] + 1):
        apdu, problems, tree, end = read(errors.confirmed_service_error, bytes((0x0E, 5, group, value)))
        assert end == 4 and apdu.detail.service_name == "read"
        assert fields(tree)["service-error"] == {errors.GROUPS[group]: apdu.detail.value_name}
        assert codes(problems) == ["apdu.value"] * (value == GROUPS[group])
        assert (apdu.result == f"unknown-{value}") == (value == GROUPS[group])


def test_examples_by_name() -> None:
    for octets, words in (
        ("0E010601", ("initiateError", "initiate", "dlms-version-too-low")),
        ("0E050503", ("read", "access", "hardware-fault")),
        ("0E060401", ("write", "definition", "object-undefined")),
        ("0E010006", ("initiateError", "application-reference", "deciphering-error")),
    ):
        detail = read(errors.confirmed_service_error, bytes.fromhex(octets))[0].detail
        assert (detail.service_name, detail.group_name, detail.value_name) == words


def test_service_that_cosem_does_not_use_and_group_that_is_not_defined() -> None:
    _, problems, _, _ = read(errors.confirmed_service_error, bytes.fromhex("0E020000"))
    assert codes(problems) == ["apdu.value"] and "getStatus" in problems[0].text
    apdu, problems, _, _ = read(errors.confirmed_service_error, bytes.fromhex("0E010B00"))
    assert apdu.detail.group_name == "unknown-11" and codes(problems) == ["apdu.value"]


@given(st.binary(max_size=10))
def test_noise_never_raises(octets: bytes) -> None:
    for tag, (_, function) in errors.TABLE.items():
        read(function, bytes((tag,)) + octets)
