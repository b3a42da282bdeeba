"""Single components of the ACSE APDUs: examples of the rule book, and everything that deviates."""

import pytest
from encode import acse as encode
from encode.examples import AARE_NO, AARE_OK, AARQ_LLS, AARQ_LN
from encode.read import codes, fields, flat, read

from dissectors import acse
from dissectors.acse import Aare, Rlre
from dissectors.xdlms.errors import ServiceError

TITLE = bytes.fromhex("4D4D4D0000BC614E")


def test_aarq_without_security() -> None:
    apdu, problems, tree, _ = read(acse.aarq, bytes.fromhex(AARQ_LN))
    assert (apdu.name, apdu.service, apdu.role, apdu.result) == ("aarq", "association", "request", None)
    assert not problems
    assert fields(tree) == {
        "application-context-name": "LN referencing, no ciphering",
        "user-information": {
            "dedicated-key": None,
            "response-allowed": True,
            "proposed-quality-of-service": None,
            "proposed-dlms-version-number": 6,
            "proposed-conformance": [
                "priority-mgmt-supported",
                "attribute0-supported-with-get",
                "block-transfer-with-get-or-read",
                "block-transfer-with-set-or-write",
                "block-transfer-with-action",
                "multiple-references",
                "get",
                "set",
                "selective-access",
                "event-notification",
                "action",
            ],
            "client-max-receive-pdu-size": 1200,
        },
    }
    assert apdu.detail.initiate.max_pdu == 1200
    assert not apdu.detail.ciphered_context and not apdu.detail.short_names


def test_password_is_masked_everywhere() -> None:
    apdu, problems, tree, _ = read(acse.aarq, bytes.fromhex(AARQ_LLS))
    assert codes(problems) == ["apdu.lls-clear"]
    assert (problems[0].start, problems[0].end) == (30, 38)
    assert fields(tree)["calling-authentication-value"] == {"charstring": "•" * 8}
    shown = repr(apdu) + repr(problems) + "".join(f"{node.value!r}{node.text!r}" for node in flat(tree))
    assert "12345678" not in shown and "3132333435363738" not in shown
    assert apdu.detail.challenge == b"" and apdu.detail.authentication == (30, 38)


@pytest.mark.parametrize("mechanism", [None, 0, 1])
def test_value_without_hls_mechanism_is_a_password(mechanism: int | None) -> None:
    _, problems, tree, _ = read(acse.aarq, encode.aarq(1, mechanism, b"secret"))
    assert fields(tree)["calling-authentication-value"] == {"charstring": "••••••"}
    assert "apdu.lls-clear" in codes(problems)


def test_password_before_its_mechanism_is_masked() -> None:
    parts = [encode.authentication(0xAC, b"secret"), encode.tlv(0x8B, encode.oid(2, 1)), encode.context(1)]
    _, problems, tree, _ = read(acse.aarq, encode.apdu(0x60, parts))
    assert fields(tree)["calling-authentication-value"] == {"charstring": "••••••"}
    assert sorted(codes(problems)) == ["apdu.lls-clear", "ber.order", "ber.order"]


def test_challenge_before_its_mechanism_is_shown() -> None:
    parts = [encode.authentication(0xAC, b"K56iVagY"), encode.tlv(0x8B, encode.oid(2, 5)), encode.context(1)]
    apdu, problems, _, _ = read(acse.aarq, encode.apdu(0x60, parts))
    assert apdu.detail.challenge == b"K56iVagY"
    assert codes(problems) == ["ber.order", "ber.order"]


@pytest.mark.parametrize(
    ("mechanism", "length", "bad"),
    [(5, 8, False), (5, 7, True), (5, 64, False), (5, 65, True), (7, 31, True), (7, 32, False), (2, 3, False)],
)
def test_challenge_length(mechanism: int, length: int, bad: bool) -> None:
    _, problems, tree, _ = read(acse.aarq, encode.aarq(3, mechanism, b"\x5a" * length))
    assert codes(problems) == ["apdu.hls-len"] * bad
    assert fields(tree)["calling-authentication-value"] == {"charstring": "5A" * length}


def test_challenge_as_bit_string() -> None:
    parts = [
        encode.context(3),
        encode.tlv(0x8B, encode.oid(2, 5)),
        encode.tlv(0xAC, encode.tlv(0x81, b"\0" + bytes(8))),
    ]
    apdu, problems, _, _ = read(acse.aarq, encode.apdu(0x60, parts))
    assert apdu.detail.challenge == bytes(8) and not problems


def test_dedicated_key_is_masked() -> None:
    key = bytes.fromhex("00112233445566778899AABBCCDDEEFF")
    octets = encode.aarq(user=encode.initiate_request(key))
    apdu, problems, tree, _ = read(acse.aarq, octets)
    start, stop = apdu.detail.initiate.dedicated_key
    assert octets[start:stop] == key
    shown = repr(apdu) + "".join(f"{node.value!r}{node.text!r}" for node in flat(tree))
    assert key.hex() not in shown.lower() and repr(key)[2:-1] not in shown
    assert fields(tree)["user-information"]["dedicated-key"] == "•" * 16 and not problems


def test_aare_accepted_and_rejected() -> None:
    apdu, problems, tree, _ = read(acse.aare, bytes.fromhex(AARE_OK))
    assert apdu.result == "accepted" and not problems
    assert apdu.detail.initiate.vaa_name == 7
    assert fields(tree)["result-source-diagnostic"] == {"acse-service-user": "null"}
    apdu, problems, tree, _ = read(acse.aare, bytes.fromhex(AARE_NO))
    assert apdu.result == "rejected-permanent" and not problems
    error = apdu.detail.service_error
    assert isinstance(error, ServiceError) and apdu.detail.initiate is None
    assert (error.service_name, error.group_name, error.value_name) == (
        "initiateError",
        "initiate",
        "dlms-version-too-low",
    )


def test_vaa_name_is_judged_by_the_context() -> None:
    for context, vaa, bad in ((1, 7, 0), (2, 0xFA00, 0), (1, 0xFA00, 1), (4, 7, 1)):
        _, problems, _, _ = read(acse.aare, encode.aare(context_number=context, user=encode.initiate_response(vaa=vaa)))
        assert codes(problems) == ["apdu.vaa"] * bad


@pytest.mark.parametrize("tag", sorted(acse.names.CIPHERED))
def test_ciphered_user_information_stays_as_octets(tag: int) -> None:
    inner = bytes((tag,)) + bytes.fromhex("03300000")
    octets = encode.aarq(3, 5, b"K56iVagY", TITLE, inner)
    apdu, problems, tree, _ = read(acse.aarq, octets)
    information = apdu.detail.information
    assert information.ciphered and information.tag == tag and information.value is None
    assert octets[slice(*information.range)] == inner
    assert fields(tree)["user-information"] == {information.name: inner.hex().upper()}
    assert not problems and apdu.detail.initiate is None


def test_release_of_every_form() -> None:
    for octets in ("6200", "6203800100", "621A800100" + "BE15041301" + "000000065F1F0400007E1F04B0" + "0000000000"):
        apdu, _, _, end = read(acse.rlrq, bytes.fromhex(octets))
        assert apdu.service == "release" and end == len(octets) // 2
    apdu, problems, tree, _ = read(acse.rlre, bytes.fromhex("6300"))
    assert apdu.detail == Rlre() and not problems and fields(tree) == {}
    apdu, _, tree, _ = read(acse.rlre, encode.rlre(1))
    assert apdu.result == "not-finished" and fields(tree) == {"reason": "not-finished"}


# --- what deviates ------------------------------------------------------------------------------------


def test_unknown_component_is_kept_and_noted() -> None:
    parts = [encode.context(1), encode.tlv(0xB7, b"xyz"), encode.information(encode.initiate_request())]
    apdu, problems, tree, _ = read(acse.aarq, encode.apdu(0x60, parts))
    assert codes(problems) == ["ber.tag"] and (problems[0].start, problems[0].end) == (13, 14)
    assert fields(tree)["unknown-component"] == "78797A"
    assert apdu.detail.initiate is not None


def test_any_order_is_read() -> None:
    parts = [encode.information(encode.initiate_request()), encode.tlv(0xA6, encode.tlv(4, TITLE)), encode.context(3)]
    apdu, problems, _, _ = read(acse.aarq, encode.apdu(0x60, parts))
    assert codes(problems) == ["ber.order", "ber.order"]
    assert apdu.detail.context == 3 and apdu.detail.calling_title == TITLE and apdu.detail.initiate


def test_a_component_again_is_noted_and_the_last_one_counts() -> None:
    apdu, problems, _, _ = read(acse.aarq, encode.apdu(0x60, [encode.context(1), encode.context(3)]))
    assert codes(problems) == ["ber.order"] and apdu.detail.context == 3


@pytest.mark.parametrize("width", [1, 2, 3, 4])
def test_long_lengths_are_legal(width: int) -> None:
    parts = [encode.tlv(0xA1, encode.tlv(0x06, encode.oid(1, 1), width=width), width=width)]
    apdu, problems, _, _ = read(acse.aarq, encode.apdu(0x60, parts, width=width))
    assert set(codes(problems)) == {"ber.long-form"} and apdu.detail.context == 1


def test_indefinite_length_is_refused_but_what_stood_before_is_kept() -> None:
    octets = encode.tlv(0x60, encode.context(1), bytes.fromhex("BE80040101 0000"))
    apdu, problems, tree, end = read(acse.aarq, octets)
    assert codes(problems) == ["ber.length"] and "indefinite" in problems[0].text
    assert apdu.detail.context == 1 and end == len(octets)
    assert tree[-1].field.code == "ber.undissected"


def test_truncated_aarq_keeps_what_is_there() -> None:
    octets = bytes.fromhex(AARQ_LLS)[:40]
    apdu, problems, _, _ = read(acse.aarq, octets)
    assert apdu.detail.mechanism == 1 and apdu.detail.initiate is None
    assert codes(problems)[0] == "apdu.trunc" and problems[0].args == ("AARQ", 54, 38)


def test_octets_behind_the_apdu_are_left() -> None:
    assert read(acse.aarq, bytes.fromhex(AARQ_LN) + b"\x01\x02")[3] == 31


def test_foreign_names() -> None:
    foreign = encode.tlv(0xA1, encode.tlv(0x06, bytes.fromhex("2A8648")))
    apdu, problems, tree, _ = read(acse.aarq, encode.apdu(0x60, [foreign]))
    assert apdu.detail.context == -1 and fields(tree)["application-context-name"] == "1.2.840"
    assert codes(problems) == ["ber.value"]
    apdu, problems, tree, _ = read(acse.aarq, encode.aarq(9))
    assert fields(tree)["application-context-name"] == "unknown-9" and codes(problems) == ["ber.value"]


@pytest.mark.parametrize(("title", "bad"), [(TITLE, 0), (b"\0\0\0\0\0\0\0\1", 1), (b"MMM", 1)])
def test_system_title(title: bytes, bad: int) -> None:
    _, problems, _, _ = read(acse.aarq, encode.aarq(title=title))
    assert codes(problems) == ["apdu.st"] * bad


def test_user_information_without_octet_string() -> None:
    octets = encode.apdu(0x60, [encode.context(1), encode.tlv(0xBE, encode.initiate_request())])
    apdu, problems, _, _ = read(acse.aarq, octets)
    assert apdu.detail.initiate is not None and codes(problems) == ["ber.tag"]


def test_forged_apdu_of_empty_components_costs_little() -> None:
    octets = encode.tlv(0x60, b"\xb7\x00" * 40_000)
    _, problems, tree, end = read(acse.aarq, octets)
    assert end == len(octets) and len(problems) <= 70 and len(list(flat(tree))) <= 70


def test_mechanism_name_written_explicitly() -> None:
    parts = [
        encode.context(3),
        encode.tlv(0x8B, encode.tlv(0x06, encode.oid(2, 5))),
        encode.authentication(0xAC, bytes(8)),
    ]
    apdu, problems, _, _ = read(acse.aarq, encode.apdu(0x60, parts))
    assert apdu.detail.mechanism == 5 and apdu.detail.challenge == bytes(8)
    assert codes(problems) == ["ber.value"]


@pytest.mark.parametrize(
    ("component", "code"),
    [
        (encode.tlv(0xA2, encode.tlv(0x02, bytes(9))), "ber.value"),  # INTEGER of nine octets
        (encode.integer(0xA2, 9), "ber.value"),
        (encode.tlv(0xA3, encode.tlv(0xA1, encode.tlv(0x02))), "ber.value"),
        (encode.tlv(0xA3, encode.tlv(0xA5, encode.tlv(0x02, b"\0"))), "ber.tag"),
        (encode.tlv(0xA3), "ber.tag"),
        (encode.tlv(0xAA, encode.tlv(0xA2, b"x")), "ber.tag"),  # external form
        (encode.tlv(0x80, b"\x07\x00"), "ber.value"),  # version1 not offered
        (encode.tlv(0xA6, encode.tlv(0x04, b"\1")), "ber.tag"),  # OCTET STRING where INTEGER is expected
        (encode.tlv(0xBE, encode.tlv(0x04)), "ber.value"),  # no APDU inside
        (encode.information(b"\xc0\x01"), "apdu.tag"),
        (encode.information(b"\x08\x00\x06"), "ber.value"),
    ],
)
def test_component_that_is_wrong_is_noted_and_the_rest_read(component: bytes, code: str) -> None:
    octets = encode.apdu(0x61, [component, encode.tlv(0x9D, b"end")])
    apdu, problems, tree, end = read(acse.aare, octets)
    assert isinstance(apdu.detail, Aare) and end == len(octets)
    assert fields(tree)["implementation-information"] == "656E64"
    assert codes(problems)[0] == ("apdu.value" if component[-3:] == b"\x08\x00\x06" else code)


def test_empty_password_is_no_password_in_clear() -> None:
    _, problems, _, _ = read(acse.aarq, encode.aarq(1, 1, b""))
    assert not problems


def test_ciphered_contexts() -> None:
    assert read(acse.aare, encode.aare(context_number=3))[0].detail.ciphered_context
    assert not read(acse.aare, encode.aare(context_number=1))[0].detail.ciphered_context
