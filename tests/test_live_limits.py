"""What gurux-dlms 1.0.203 cannot do as a peer, with the exception that says so, and what its encoder gives instead.

The matrix of test_live_security.py leaves these out, or has them mended in live_meter.py and live_reader.py. A version
that can do more fails here: then the matrix grows.

| not done by gurux-dlms | where | mended in the live peers |
|---|---|---|
| server reads glo- and ded- requests | leaves out a parameter | live_meter.request |
| server answers HLS pass 3, MD5 to SHA-256 | takes the reply for a number | SecureMeter.act |
| server answers HLS pass 3, ECDSA | "not implemented" | SecureMeter.act |
| server says the suite in the AARE | always 0 | live_meter.with_suite |
| server says the length of its challenge | two too few | SecureMeter.mend_challenge |
| server names itself in a plain context, SHA-256 and ECDSA | no title in the AARE | no: only in ciphered contexts |
| server sends general blocks after the first | no transaction | SecureMeter.next_block |
| client acknowledges a general block | reads what is never set | SecureReader.exchange |
| ECDSA of P-384 | curve not known to sign and verify | no: P-256 in every suite |
| general-ciphering, as sender | no encoder | no: tests/encode/security.py |
| general-ciphering, as receiver | calls what does not exist | no |
| broadcast key, as receiver | reads settings that are not there | no: encoder below |
| broadcast key, as sender | no client method sets it | encoder below |
"""

from collections.abc import Callable
from typing import Any

import pytest
from encode.security import identified, octet_string
from gurux_dlms import GXByteBuffer, GXDLMSClient, GXReplyData
from gurux_dlms._GXAPDU import _GXAPDU
from gurux_dlms.AesGcmParameter import AesGcmParameter
from gurux_dlms.ConnectionState import ConnectionState
from gurux_dlms.ecdsa.GXEcdsa import GXEcdsa
from gurux_dlms.ecdsa.GXPrivateKey import GXPrivateKey
from gurux_dlms.enums import (
    AssociationResult,
    Authentication,
    Conformance,
    InterfaceType,
    RequestTypes,
    Security,
    SourceDiagnostic,
)
from gurux_dlms.GXCiphering import GXCiphering
from gurux_dlms.GXDLMS import GXDLMS
from gurux_dlms.GXDLMSChippering import GXDLMSChippering
from gurux_dlms.objects import GXDLMSAssociationLogicalName
from gurux_dlms.objects.enums import SecuritySuite
from gurux_dlms.secure import GXDLMSSecureClient, GXDLMSSecureNotify
from gurux_dlms.ValueEventArgs import ValueEventArgs

from dissectors.keys import KeyRing, KeySet, Parties, Secret
from dissectors.record import Direction
from dissectors.unprotect import unprotect

TITLE = b"HES\0\0\0\0\7"
SET = bytes.fromhex("C101C1000100006001 01FF0200120007".replace(" ", ""))
GENERAL_GLO, GLO_SET = 0xDB, 0xC9


def client(authentication: int = Authentication.LOW) -> Any:
    made = GXDLMSSecureClient(True, 32, 1, authentication, "Secret", InterfaceType.WRAPPER)
    made.ciphering.systemTitle = TITLE
    made.settings.sourceSystemTitle = TITLE
    return made


def protected(tag: int, suite: int, policy: int, broadcast: bool, counter: int = 7) -> bytes:
    """SET as gurux protects it."""
    p = AesGcmParameter(tag, TITLE, key("unicast", suite), key("authentication", suite))
    p.security, p.securitySuite = Security(policy), SecuritySuite(suite)
    p.broadcast, p.invocationCounter = broadcast, counter
    if broadcast:
        p.blockCipherKey = key("broadcast", suite)
    return bytes(GXDLMSChippering.encryptAesGcm(p, SET))


def key(what: str, suite: int) -> bytes:
    return (what.encode() * 8)[: 32 if suite == 2 else 16]


def glo_request() -> None:
    found = GXReplyData()
    found.data.set(protected(GLO_SET, 0, 0x30, broadcast=False))
    found.data.position = 1
    GXDLMS.handleGloDedRequest(client().settings, found)


def pass_3(authentication: int) -> None:
    made = client(authentication)
    made.settings.ctoSChallenge = made.settings.stoCChallenge = bytes(16)
    event = ValueEventArgs(made, GXDLMSAssociationLogicalName(), 1, 0, bytearray(16))
    GXDLMSAssociationLogicalName().invoke(made.settings, event)


def acknowledge() -> None:
    GXDLMS.receiverReady(GXDLMSClient(True).settings, RequestTypes.GBT)


def p384() -> None:
    GXEcdsa(GXPrivateKey.fromRawBytes(b"\1" * 48)).sign(b"message")


def decrypt(octets: bytes) -> None:
    made = client()
    p = AesGcmParameter(0, TITLE, key("unicast", 0), key("authentication", 0))
    GXCiphering.decrypt(made.settings, p, GXByteBuffer(octets))


def general_ciphering() -> None:
    parts = (bytes(8), TITLE, TITLE, b"", b"")
    head = b"\xdd" + b"".join(octet_string(part) for part in parts) + identified(0)
    decrypt(head + octet_string(b"\x30" + bytes(30)))


def broadcast() -> None:
    decrypt(protected(GENERAL_GLO, 0, 0x30, broadcast=True))


@pytest.mark.parametrize(
    ("attempt", "error", "words"),
    [
        (glo_request, TypeError, "NoneType"),
        (lambda: pass_3(Authentication.HIGH_MD5), ValueError, "invalid literal for int"),
        (lambda: pass_3(Authentication.HIGH_GMAC), ValueError, "invalid literal for int"),
        (lambda: pass_3(Authentication.HIGH_ECDSA), ValueError, "ECDSA is not implemented"),
        (acknowledge, AttributeError, "blockNumber"),
        (p384, ValueError, "Invalid private key scheme"),
        (general_ciphering, AttributeError, "setSystemTitle"),
        (broadcast, AttributeError, "settings"),
    ],
)
def test_gurux_cannot(attempt: Callable[[], None], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        attempt()


def aare(authentication: int) -> bytes:
    made = client(authentication)
    made.settings.isServer, made.settings.authentication = True, authentication
    made.settings.stoCChallenge = bytes(16)
    made.ciphering.security = Security.NONE
    out = GXByteBuffer()
    _GXAPDU.generateAARE(
        made.settings,
        out,
        AssociationResult.ACCEPTED,
        SourceDiagnostic.AUTHENTICATION_REQUIRED,
        made.ciphering,
        None,
        None,
    )
    return bytes(out.array())


@pytest.mark.parametrize("authentication", [Authentication.HIGH_SHA256, Authentication.HIGH_ECDSA])
def test_gurux_does_not_name_the_server_in_a_plain_context(authentication: int) -> None:
    made = aare(authentication)
    assert TITLE not in made
    assert bytes((0xAA, 16, 0x80, 16)) in made  # and 18 would be right


# -- gurux as an encoder of what it cannot be the peer for -------------------------------------------


def ring(suite: int, **more: bytes) -> KeyRing:
    secrets = {name: Secret(octets) for name, octets in more.items()}
    return KeyRing(
        [KeySet(name="given", system_title=TITLE, authentication=Secret(key("authentication", suite)), **secrets)]
    )


@pytest.mark.parametrize("suite", [0, 1, 2])
@pytest.mark.parametrize(
    ("policy", "name"), [(0x10, "authenticated"), (0x20, "encrypted"), (0x30, "authenticated-encrypted")]
)
@pytest.mark.parametrize("tag", [GENERAL_GLO, GLO_SET])
def test_broadcast_is_deciphered_with_the_broadcast_key_alone(suite: int, policy: int, name: str, tag: int) -> None:
    octets = protected(tag, suite, policy, broadcast=True)
    who = Parties(Direction.TO_SERVER, 1, 0x7F, client_title=TITLE)
    right = unprotect(octets, ring(suite, broadcast=key("broadcast", suite)), who)
    assert (right.status, right.policy, right.suite, right.counter) == ("ok", name, suite, 7)
    assert right.key_kind == "global-broadcast" and right.plain == SET
    wrong = unprotect(octets, ring(suite, broadcast=key("other one", suite)), who)
    assert wrong.status == ("tag-mismatch" if policy == 0x10 else "wrong-key")
    unicast = unprotect(octets, ring(suite, encryption=key("broadcast", suite)), who)
    assert unicast.status == ("unverified" if policy == 0x10 else "no-key")


@pytest.mark.parametrize(("suite", "general"), [(0, True), (1, True), (2, True), (0, False)])
def test_ciphered_push(suite: int, general: bool) -> None:
    """A DataNotification of gurux's own notifier."""
    notify = GXDLMSSecureNotify(True, 1, 1, InterfaceType.PDU)
    cipher = notify.settings.cipher
    cipher.systemTitle, cipher.security, cipher.securitySuite = TITLE, Security.AUTHENTICATION_ENCRYPTION, suite
    cipher.blockCipherKey, cipher.authenticationKey = key("unicast", suite), key("authentication", suite)
    cipher.invocationCounter = 9
    notify.settings.negotiatedConformance = Conformance.GENERAL_PROTECTION if general else Conformance.NONE
    notify.settings.connected = ConnectionState.DLMS
    body = GXByteBuffer(bytes.fromhex("0202060012D687120900"))
    (octets,) = notify.generateDataNotificationMessages(None, body)
    found = unprotect(bytes(octets), ring(suite, encryption=key("unicast", suite)), Parties(Direction.TO_CLIENT))
    assert (found.status, found.suite, found.counter, found.system_title) == ("ok", suite, 9, TITLE)
    assert found.plain is not None and found.plain[:1] == b"\x0f"
    assert found.plain.endswith(bytes.fromhex("0202060012D687120900"))
