"""ACSE against asn1tools as a second reader and writer of BER, and against recorded APDUs."""

from pathlib import Path
from typing import Any

import asn1tools
from encode import acse as encode
from encode.examples import AARE_NO, AARE_OK, AARQ_LLS, AARQ_LN
from encode.read import codes, fields, flat, read
from hypothesis import given, settings
from hypothesis import strategies as st

from dissectors import acse
from dissectors.acse import Aare, Aarq, Rlre, Rlrq
from dissectors.context import Context

ORACLE = asn1tools.compile_string(
    """ACSE DEFINITIONS EXPLICIT TAGS ::= BEGIN
    Value ::= CHOICE { charstring [0] IMPLICIT OCTET STRING, bitstring [1] IMPLICIT BIT STRING }
    AARQ ::= [APPLICATION 0] IMPLICIT SEQUENCE {
      protocol-version [0] IMPLICIT BIT STRING OPTIONAL,
      application-context-name [1] OBJECT IDENTIFIER,
      called-AP-title [2] OCTET STRING OPTIONAL,
      called-AE-qualifier [3] OCTET STRING OPTIONAL,
      called-AP-invocation-id [4] INTEGER OPTIONAL,
      called-AE-invocation-id [5] INTEGER OPTIONAL,
      calling-AP-title [6] OCTET STRING OPTIONAL,
      calling-AE-qualifier [7] OCTET STRING OPTIONAL,
      calling-AP-invocation-id [8] INTEGER OPTIONAL,
      calling-AE-invocation-id [9] INTEGER OPTIONAL,
      sender-acse-requirements [10] IMPLICIT BIT STRING OPTIONAL,
      mechanism-name [11] IMPLICIT OBJECT IDENTIFIER OPTIONAL,
      calling-authentication-value [12] Value OPTIONAL,
      implementation-information [29] IMPLICIT OCTET STRING OPTIONAL,
      user-information [30] OCTET STRING OPTIONAL }
    AARE ::= [APPLICATION 1] IMPLICIT SEQUENCE {
      protocol-version [0] IMPLICIT BIT STRING OPTIONAL,
      application-context-name [1] OBJECT IDENTIFIER,
      result [2] INTEGER,
      result-source-diagnostic [3] CHOICE { acse-service-user [1] INTEGER, acse-service-provider [2] INTEGER },
      responding-AP-title [4] OCTET STRING OPTIONAL,
      responding-AE-qualifier [5] OCTET STRING OPTIONAL,
      responding-AP-invocation-id [6] INTEGER OPTIONAL,
      responding-AE-invocation-id [7] INTEGER OPTIONAL,
      responder-acse-requirements [8] IMPLICIT BIT STRING OPTIONAL,
      mechanism-name [9] IMPLICIT OBJECT IDENTIFIER OPTIONAL,
      responding-authentication-value [10] Value OPTIONAL,
      implementation-information [29] IMPLICIT OCTET STRING OPTIONAL,
      user-information [30] OCTET STRING OPTIONAL }
    RLRQ ::= [APPLICATION 2] IMPLICIT SEQUENCE {
      reason [0] IMPLICIT INTEGER OPTIONAL, user-information [30] OCTET STRING OPTIONAL }
    RLRE ::= [APPLICATION 3] IMPLICIT SEQUENCE {
      reason [0] IMPLICIT INTEGER OPTIONAL, user-information [30] OCTET STRING OPTIONAL }
    END""",
    "ber",
)

TITLE = bytes.fromhex("4D4D4D0000BC614E")
ids = st.integers(0, (1 << 31) - 1)
titles = st.builds(lambda tail: b"MMM" + tail, st.binary(min_size=5, max_size=5))
certificates = st.binary(max_size=200)
requests = st.builds(
    encode.initiate_request,
    key=st.none() | st.binary(min_size=16, max_size=16),
    response_allowed=st.none() | st.booleans(),
    quality=st.none() | st.integers(-128, 127),
    conformance=st.integers(0, (1 << 24) - 1),
    max_pdu=st.integers(12, 0xFFFF),
    short=st.booleans(),
)
responses = st.builds(
    encode.initiate_response,
    quality=st.none() | st.integers(-128, 127),
    conformance=st.integers(0, (1 << 24) - 1),
    max_pdu=st.integers(12, 0xFFFF),
    short=st.booleans(),
)
BIT = (b"\x80", 1)


def optional(**parts: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional={name.replace("_", "-"): part for name, part in parts.items()})


def dotted(arc: int) -> st.SearchStrategy[str]:
    return st.integers(*((1, 4) if arc == 1 else (2, 7))).map(lambda n: f"2.16.756.5.8.{arc}.{n}")


challenges = st.binary(min_size=32, max_size=64).map(lambda octets: ("charstring", octets))
aarqs = st.builds(
    lambda context, parts: {"application-context-name": context, **parts},
    dotted(1),
    optional(
        protocol_version=st.just(BIT),
        called_AP_title=titles,
        called_AE_qualifier=certificates,
        called_AP_invocation_id=ids,
        called_AE_invocation_id=ids,
        calling_AP_title=titles,
        calling_AE_qualifier=certificates,
        calling_AP_invocation_id=ids,
        calling_AE_invocation_id=ids,
        sender_acse_requirements=st.just(BIT),
        mechanism_name=dotted(2),
        calling_authentication_value=challenges,
        implementation_information=certificates,
        user_information=requests,
    ),
)
aares = st.builds(
    lambda context, result, diagnostic, parts: {
        "application-context-name": context,
        "result": result,
        "result-source-diagnostic": diagnostic,
        **parts,
    },
    dotted(1).filter(lambda name: name[-1] in "13"),
    st.integers(0, 2),
    st.integers(0, 14).map(lambda n: ("acse-service-user", n))
    | st.integers(0, 2).map(lambda n: ("acse-service-provider", n)),
    optional(
        protocol_version=st.just(BIT),
        responding_AP_title=titles,
        responding_AE_qualifier=certificates,
        responding_AP_invocation_id=ids,
        responding_AE_invocation_id=ids,
        responder_acse_requirements=st.just(BIT),
        mechanism_name=dotted(2),
        responding_authentication_value=challenges,
        implementation_information=certificates,
        user_information=responses,
    ),
)


def number(name: str | None) -> int:
    return int(name.rpartition(".")[2]) if name else -1


@settings(max_examples=60)
@given(aarqs)
def test_aarq_against_asn1tools(value: dict[str, Any]) -> None:
    octets = ORACLE.encode("AARQ", value)
    apdu, problems, tree, end = read(acse.aarq, octets)
    found = apdu.detail
    assert isinstance(found, Aarq) and end == len(octets)
    assert found.context == number(value["application-context-name"])
    assert found.mechanism == number(value.get("mechanism-name"))
    assert found.authentication_unit == ("sender-acse-requirements" in value)
    assert found.called_title == value.get("called-AP-title")
    assert found.called_qualifier == value.get("called-AE-qualifier")
    assert found.called_ap_invocation == value.get("called-AP-invocation-id")
    assert found.called_ae_invocation == value.get("called-AE-invocation-id")
    assert found.calling_title == value.get("calling-AP-title")
    assert found.calling_qualifier == value.get("calling-AE-qualifier")
    assert found.calling_ap_invocation == value.get("calling-AP-invocation-id")
    assert found.calling_ae_invocation == value.get("calling-AE-invocation-id")
    if "calling-authentication-value" in value:
        secret = value["calling-authentication-value"][1]
        start, stop = found.authentication
        assert octets[start:stop] == secret
        assert found.challenge == (secret if found.mechanism >= 2 else b"")
        assert ("apdu.lls-clear" in codes(problems)) == (found.mechanism < 2)
    assert (found.initiate is not None) == ("user-information" in value)
    if found.initiate is not None:
        start, stop = found.information.range
        assert octets[start:stop] == value["user-information"]
    # every component stands in the JSON fields under its ASN.1 name
    assert set(fields(tree)) == set(value)
    assert set(codes(problems)) <= {"apdu.lls-clear", "apdu.value"}  # short conformance tag


@settings(max_examples=60)
@given(aares)
def test_aare_against_asn1tools(value: dict[str, Any]) -> None:
    octets = ORACLE.encode("AARE", value)
    apdu, problems, tree, end = read(acse.aare, octets)
    found = apdu.detail
    assert isinstance(found, Aare) and end == len(octets)
    assert found.context == number(value["application-context-name"])
    assert (found.result, (found.source, found.diagnostic)) == (value["result"], value["result-source-diagnostic"])
    assert apdu.result == ("accepted", "rejected-permanent", "rejected-transient")[value["result"]]
    assert found.accepted == (value["result"] == 0)
    assert found.hls_pending == (
        value["result"] == 0 and value["result-source-diagnostic"] == ("acse-service-user", 14)
    )
    assert found.responding_title == value.get("responding-AP-title")
    assert found.responding_qualifier == value.get("responding-AE-qualifier")
    assert found.responding_ap_invocation == value.get("responding-AP-invocation-id")
    assert found.responding_ae_invocation == value.get("responding-AE-invocation-id")
    assert found.mechanism == number(value.get("mechanism-name"))
    assert set(fields(tree)) == set(value)
    assert set(codes(problems)) <= {"apdu.lls-clear", "apdu.value"}


@given(st.sampled_from(["RLRQ", "RLRE"]), optional(reason=st.sampled_from([0, 1, 30]), user_information=requests))
def test_release_against_asn1tools(kind: str, value: dict[str, Any]) -> None:
    apdu, problems, tree, _ = read({"RLRQ": acse.rlrq, "RLRE": acse.rlre}[kind], ORACLE.encode(kind, value))
    assert isinstance(apdu.detail, {"RLRQ": Rlrq, "RLRE": Rlre}[kind])
    assert apdu.detail.reason == value.get("reason", -1)
    assert (apdu.detail.information is not None) == ("user-information" in value)
    assert set(fields(tree)) == set(value)
    assert set(codes(problems)) <= {"apdu.value"}


def test_the_tests_encoder_is_what_asn1tools_reads() -> None:
    value = ORACLE.decode("AARQ", encode.aarq(3, 5, b"K56iVagY", TITLE))
    assert value["application-context-name"] == "2.16.756.5.8.1.3"
    assert value["mechanism-name"] == "2.16.756.5.8.2.5"
    assert value["calling-AP-title"] == TITLE
    assert value["user-information"] == encode.initiate_request()
    value = ORACLE.decode("AARE", encode.aare(1, 2, provider=True))
    assert value["result-source-diagnostic"] == ("acse-service-provider", 2)
    assert ORACLE.decode("RLRQ", encode.rlrq(30)) == {"reason": 30}


# --- recorded octets ------------------------------------------------------------------------------------


def recorded(corpus: Path) -> list[tuple[str, bytes]]:
    return [(path.stem, bytes.fromhex(path.read_text())) for path in sorted((corpus / "acse").glob("*.hex"))]


def test_corpus_of_acse(corpus: Path) -> None:
    found = recorded(corpus)
    assert found
    for name, octets in found:
        apdu, problems, tree, end = read(acse.TABLE[octets[0]][1], octets)
        assert apdu.name == acse.TABLE[octets[0]][0] and end == len(octets), name
        assert all(problem.severity < 2 for problem in problems), (name, codes(problems))
        assert [node for node in tree if node.field.code == "ber.undissected"] == []


def test_corpus_facts(corpus: Path) -> None:
    found = dict(recorded(corpus))
    apdu, *_ = read(acse.aare, found["acse-002"])
    assert apdu.detail.responding_title == bytes.fromhex("4D454C6570A037B2")
    assert apdu.detail.challenge == b"(G3cnP~s" and apdu.detail.hls_pending
    assert apdu.detail.information.name == "glo-initiate-response"
    apdu, *_ = read(acse.aare, found["acse-019"])
    assert apdu.detail.short_names and apdu.detail.initiate.vaa_name == 0xFA00


MUTANTS = [bytes.fromhex(text) for text in (AARQ_LN, AARQ_LLS, AARE_OK, AARE_NO)] + [
    encode.aarq(3, 5, b"K56iVagY", TITLE, encode.initiate_request(bytes(16))),
    encode.aare(0, 14, 3, 5, b"P6wRJ21F", TITLE),
    encode.rlrq(0, encode.initiate_request()),
]


@settings(max_examples=150)
@given(st.sampled_from(MUTANTS), st.data())
def test_mutated_apdus_never_raise_and_stay_bounded(octets: bytes, data: st.DataObject) -> None:
    changed = bytearray(octets)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(changed)))
        changed[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    mutant = bytes(changed)
    for _, function in acse.TABLE.values():
        _, problems, tree, end = read(function, mutant, Context(short_names=True))
        assert end <= len(mutant)
        assert len(list(flat(tree))) <= 2 * len(mutant) + 8 and len(problems) <= 2 * len(mutant) + 8


@given(st.binary(max_size=80))
def test_noise_never_raises(octets: bytes) -> None:
    for tag, (_, function) in acse.TABLE.items():
        read(function, bytes((tag,)) + octets)
