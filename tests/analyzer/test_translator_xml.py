"""APDUs as XML: the same elements and values as Gurux's translator; well formed and without secrets for any octets."""

from typing import Any
from xml.etree import ElementTree

import pytest
from encode import acse, xdlms
from gurux_dlms import GXDLMSTranslator
from gurux_dlms.enums.TranslatorOutputType import TranslatorOutputType
from hypothesis import given, settings
from hypothesis import strategies as st
from scripts import DOWN, OPENING, PROFILES, UP, Script, as_text, get, got, over_udp

from analyzer.analysis import Analysis
from analyzer.translator_xml import as_xml
from dissectors.data_types import Data

COMMON = [
    "get-request-normal", "get-request-normal selection", "get-request-next",
    "get-response-normal", "get-response-normal error", "get-response-normal profile", "get-response-with-datablock",
    "get-response-with-datablock error", "set-request-normal", "set-request-with-datablock", "set-request-with-list",
    "set-response-normal", "set-response-datablock", "set-response-last-datablock", "action-request-normal",
    "action-request-normal parameters", "action-response-normal", "action-response-normal data",
    "action-response-normal error", "action-response-next-pblock", "data-notification dated", "exception-response",
    "event-notification-request", "glo-get-request", "ded-get-response", "general-glo-ciphering",
    "confirmed-service-error", "aarq", "aare", "rlrq", "rlre",
]  # fmt: skip
VALUES = [
    Data("null-data", None), Data("boolean", True), Data("bit-string", "10110"), Data("double-long", -2),
    Data("octet-string", "3132"), Data("utf8-string", "é!"), Data("bcd", "12"), Data("integer", -1), Data("long", -1),
    Data("unsigned", 9), Data("long-unsigned", 9), Data("long64", -9), Data("long64-unsigned", 9), Data("enum", 3),
    Data("float32", 1.5), Data("float64", 1.5), Data("date-time", "07E9010101000000FF800000"), Data("time", "01020300"),
    Data("visible-string", "abc"), Data("array", (Data("structure", (Data("unsigned", 1), Data("enum", 2))),)),
]  # fmt: skip


def load(script: Script) -> Analysis:
    made = Analysis(script.channels, PROFILES)
    for _ in made.load(script.records):
        pass
    return made


def ours(octets: bytes) -> str:
    return as_xml(load(as_text(octets)), 1)


def elements(text: str) -> Any:
    """Tag, attributes and children: blanks and line breaks left out."""

    def shape(element: ElementTree.Element) -> Any:
        return (element.tag, element.attrib, [shape(child) for child in element])

    return shape(ElementTree.fromstring(text))


def same(octets: bytes) -> None:
    theirs = GXDLMSTranslator(TranslatorOutputType.SIMPLE_XML).pduToXml(octets)
    assert elements(ours(octets)) == elements(theirs)


@pytest.mark.parametrize("name", COMMON)
def test_as_the_translator_writes_it(name: str) -> None:
    same(xdlms.example(name))


@pytest.mark.parametrize("value", VALUES, ids=lambda value: value.type)
def test_data_types(value: Data) -> None:
    same(got(value))


@pytest.mark.parametrize("code", [1, 2, 3, 4, 9, 11, 12, 13, 14, 15, 16, 17, 18, 19, 250])
def test_results(code: int) -> None:
    same(bytes((0xC4, 1, 0xC1, 1, code)))
    if code < 15 or code == 250:  # the others are no results of an action
        same(bytes((0xC7, 1, 0xC1, code, 0)))


@pytest.mark.parametrize("mechanism", [2, 3, 4, 5, 6, 7])
@pytest.mark.parametrize("context", [1, 2, 3])
def test_aarq(context: int, mechanism: int) -> None:
    same(acse.aarq(context, mechanism, b"12345678" * 4, title=b"MMM\0\0\0\0\1"))


@pytest.mark.parametrize("result", [0, 1])
def test_aare(result: int) -> None:
    same(acse.aare(result, 13 if result else 0, 3, 5, b"12345678", b"MMM\0\0\0\0\1"))


def test_layout() -> None:
    assert ours(get(1)).splitlines()[:4] == [
        "<GetRequest>",
        "  <GetRequestNormal>",
        '    <InvokeIdAndPriority Value="C1" />',
        "    <AttributeDescriptor>",
    ]


def test_a_string_is_escaped() -> None:
    text = ours(got(Data("visible-string", 'a<&"\x01b')))
    assert elements(text)[2][0][2][1][2][0][2] == [("String", {"Value": 'a<&"\\x01b'}, [])]


def test_a_password_and_secrets_are_masked() -> None:
    assert '<CallingAuthentication Value="••••••••" />' in ours(acse.aarq(1, 1, b"12345678"))
    place = bytes.fromhex("0000280000FF")
    value = Data("octet-string", b"12345678".hex())
    a = load(over_udp(*OPENING, (UP, get(1, place, 15, 7)), (DOWN, got(value))))
    assert '<OctetString Value="•" />' in as_xml(a, 4) and "3132" not in as_xml(a, 4)


def test_a_damaged_apdu_says_so() -> None:
    text = ours(bytes.fromhex("C401C100060000"))
    assert text.startswith("<GetResponse>") and "<!-- " in text
    elements(text)


@pytest.mark.parametrize("name", xdlms.EXAMPLES)
def test_every_service_is_well_formed(name: str) -> None:
    elements(ours(xdlms.example(name)))


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(sorted(xdlms.EXAMPLES)),
    st.lists(st.tuples(st.integers(0, 80), st.integers(0, 255)), max_size=3),
    st.integers(0, 30),
)
def test_no_octets_raise(name: str, damage: list[tuple[int, int]], cut: int) -> None:
    octets = bytearray(xdlms.example(name))
    for at, value in damage:
        octets[at % len(octets)] = value
    a = load(over_udp((UP, bytes(octets[: max(1, len(octets) - cut)]))))
    for no in range(1, len(a.messages) + 1):
        elements(as_xml(a, no))
