"""The meter of captures/demo with high level security and every suite: `python -m tests.live_meter`.

Each line of its input is a Spec; it prints "ready PORT", serves one connection there, and waits for the next line.
gurux-dlms 1.0.203 does ciphers, challenges and signatures; what its Python server lacks or does wrong is mended here,
each with its reason, and told in tests/test_live_security.py.
"""

import socket
import sys
from contextlib import suppress
from typing import Any

from gurux_dlms import GXByteBuffer
from gurux_dlms.AesGcmParameter import AesGcmParameter
from gurux_dlms.ConnectionState import ConnectionState
from gurux_dlms.ecdsa.GXPrivateKey import GXPrivateKey
from gurux_dlms.enums import (
    Authentication,
    Command,
    Conformance,
    DataType,
    ErrorCode,
    InterfaceType,
    Security,
    SourceDiagnostic,
)
from gurux_dlms.GXCiphering import GXCiphering
from gurux_dlms.GXDLMS import GXDLMS
from gurux_dlms.GXDLMSLNParameters import GXDLMSLNParameters
from gurux_dlms.GXSecure import GXSecure
from gurux_dlms.internal._GXCommon import _GXCommon
from gurux_dlms.internal._GXDataInfo import _GXDataInfo

from captures.demo import meter as demo
from captures.demo.objects import ASSOCIATION
from tests.live_spec import LLS, Spec, read

INACTIVITY_S = 60.0
CHALLENGE_OCTETS = 16
TARGET_OCTETS = 10  # class, logical name, attribute, no selective access
SUITE = 0  # of the connection being served


def with_suite(*arguments: Any) -> Any:
    """Where gurux makes the ciphered InitiateResponse it forgets the suite, and says 0."""
    made = AesGcmParameter(*arguments)
    made.securitySuite = SUITE
    return made


def request(settings: Any, data: Any) -> None:
    """In place of GXDLMS.handleGloDedRequest, which leaves out the first of the parameters and so mixes all up."""
    data.data.position -= 1
    cipher = settings.cipher
    dedicated = cipher.dedicatedKey and settings.connected & ConnectionState.DLMS
    key = cipher.dedicatedKey if dedicated else cipher.blockCipherKey
    p = AesGcmParameter(0, settings.sourceSystemTitle, key, cipher.authenticationKey)
    plain = GXCiphering.decrypt(settings, p, data.data)
    data.data.clear()
    data.data.set(plain)
    data.command = Command(data.data.getUInt8())


sys.modules["gurux_dlms._GXAPDU"].AesGcmParameter = with_suite  # type: ignore[attr-defined]
GXDLMS.handleGloDedRequest = request


class SecureMeter(demo.Meter):
    """A meter with the keys of one Spec."""

    def __init__(self, spec: Spec) -> None:
        interface = InterfaceType.HDLC if spec.interface == "hdlc" else InterfaceType.WRAPPER
        super().__init__(interface, 0.0, 0.0, 0xFFFF, False)
        self.spec = spec
        self.parts = b""  # of a write in blocks
        cipher = self.settings.cipher
        self.title = cipher.systemTitle = spec.titles[1]
        cipher.blockCipherKey, cipher.authenticationKey = spec.key("encryption"), spec.key("authentication")
        cipher.securitySuite = spec.suite
        keys = [GXPrivateKey.fromRawBytes(spec.private(side)) for side in ("client", "server")]
        cipher.signingKeyPair = keys[0].getPublicKey(), keys[1]
        if spec.gbt:
            self.settings.proposedConformance |= Conformance.GENERAL_BLOCK_TRANSFER

    def apdu(self, command: int, asked: Any) -> None:
        if command == Command.GENERAL_BLOCK_TRANSFER:
            self.next_block(asked)
            return
        if command in (Command.GENERAL_GLO_CIPHERING, Command.GENERAL_DED_CIPHERING):
            request(self.settings, self.info)  # left as it is where it came in several HDLC segments
            command = self.info.command
        super().apdu(command, asked)
        if command == Command.AARQ:
            self.mend_challenge()

    def mend_challenge(self) -> None:
        """The responding authentication value of the AARE (AA 10 80 10) has an outer length two octets too small."""
        made = bytes(self.replyData.array())
        at = made.find(bytes((0xAA, CHALLENGE_OCTETS, 0x80, CHALLENGE_OCTETS)))
        if at >= 0:
            self.replyData.setUInt8(CHALLENGE_OCTETS + 2, at + 1)

    def next_block(self, asked: Any) -> None:
        """The next general block: its server looks for a transaction that it never made."""
        asked.getUInt8()
        theirs = asked.getUInt16()
        p = GXDLMSLNParameters(self.settings, 0, Command.GENERAL_BLOCK_TRANSFER, 0, None, self.rest, 0xFF)
        p.multipleBlocks, p.blockNumberAck = True, theirs
        cipher = self.settings.cipher
        policy, cipher.security = cipher.security, Security.NONE  # else it reckons with a header, and forgets "last"
        GXDLMS.getLNPdu(p, self.replyData)
        cipher.security = policy
        self.settings.increaseBlockIndex()
        if self.rest.position == self.rest.size:
            self.rest = None
            self.settings.resetBlockIndex()

    def set(self, asked: Any) -> None:
        """A write in one piece, or in the service blocks of SET (kinds 2 and 3), which is_last ends."""
        kind, invoke = asked.getUInt8(), asked.getUInt8()
        if kind == 1:
            asked.position -= 2
            super().set(asked)
            return
        if kind == 2:
            self.parts = bytes(asked.array())[asked.position : asked.position + TARGET_OCTETS]
            asked.position += TARGET_OCTETS
        last, number = asked.getUInt8(), asked.getUInt32()
        raw = bytearray(_GXCommon.getObjectCount(asked))
        asked.get(raw)
        self.parts += bytes(raw)
        block = GXByteBuffer()
        block.setUInt32(number)
        if not last:
            self.confirm(bytes((Command.SET_RESPONSE, 2, invoke)), block)
            return
        whole = GXByteBuffer()
        whole.set(self.parts)
        target, attribute = self.target(whole)
        whole.getUInt8()
        target.value = _GXCommon.getData(self.settings, whole, _GXDataInfo())
        target.setDataType(attribute, DataType.OCTET_STRING)  # of what it was no more
        done = GXByteBuffer()
        done.setUInt8(int(attribute != 2) and ErrorCode.READ_WRITE_DENIED)
        done.set(block)
        self.confirm(bytes((Command.SET_RESPONSE, 3, invoke)), done)

    def confirm(self, head: bytes, body: Any) -> None:
        """Protects and frames a response made here: gurux's own maker puts the result of these two in a wrong place."""
        whole = GXByteBuffer()
        whole.set(head)
        whole.set(body)
        if self.settings.cipher.security != Security.NONE:
            p = GXDLMSLNParameters(self.settings, 0, head[0], head[1], None, None, 0xFF)
            made = GXDLMS.cipher0(p, whole.array())
            whole.clear()
            whole.set(made)
        if self.settings.interfaceType == InterfaceType.HDLC:
            self.replyData.set(_GXCommon.LLC_REPLY_BYTES)
        self.replyData.set(whole)

    def act(self, asked: Any) -> None:
        """reply_to_HLS_authentication is answered here: gurux's own takes the challenge for a number."""
        at = asked.position
        asked.getUInt8()
        invoke = asked.getUInt8()
        found, method = self.target(asked)
        if found is None or found.logicalName != ASSOCIATION or method != 1:
            asked.position = at
            super().act(asked)
            return
        asked.getUInt8()
        answer = bytes(_GXCommon.getData(self.settings, asked, _GXDataInfo()))
        if not self.proven(answer):
            self.respond(Command.METHOD_RESPONSE, 1, invoke, GXByteBuffer(b"\0"), ErrorCode.READ_WRITE_DENIED)
            return
        made = self.reply(self.settings.cipher.invocationCounter, own=True)
        self.settings.cipher.invocationCounter += 1
        out = GXByteBuffer()
        out.set(bytes((1, 0, DataType.OCTET_STRING, len(made))) + made)
        self.respond(Command.METHOD_RESPONSE, 1, invoke, out, ErrorCode.OK)
        self.settings.connected |= ConnectionState.DLMS

    def proven(self, answer: bytes) -> bool:
        if self.settings.authentication == Authentication.HIGH_ECDSA:
            from gurux_dlms.ecdsa.GXEcdsa import GXEcdsa

            message = self.message(own=False)
            return bool(GXEcdsa(self.settings.cipher.signingKeyPair[0]).verify(answer, message))
        return self.reply(int.from_bytes(answer[1:5], "big"), own=False) == answer

    def message(self, own: bool) -> bytes:
        """Titles and challenges in the order of SHA-256 and ECDSA."""
        s = self.settings
        titles = (bytes(self.title), bytes(s.sourceSystemTitle))
        challenges = (bytes(s.ctoSChallenge), bytes(s.stoCChallenge))
        order = (0, 1) if own else (1, 0)
        return b"".join([titles[order[0]], titles[order[1]], challenges[order[0]], challenges[order[1]]])

    def reply(self, counter: int, own: bool) -> bytes:
        """What gurux makes of the challenge; own: ours in pass 4, else that which the client should have sent."""
        s = self.settings
        challenge = bytes(s.ctoSChallenge if own else s.stoCChallenge)
        secret = self.spec.secret.encode()
        if s.authentication == Authentication.HIGH_GMAC:
            secret = bytes(self.title if own else s.sourceSystemTitle)
        elif s.authentication == Authentication.HIGH_SHA256:
            secret += self.message(own)
        elif s.authentication == Authentication.HIGH_ECDSA:
            secret = self.message(own)
        return bytes(GXSecure.secure(s, s.cipher, counter, challenge, secret))

    # Asked by gurux-dlms, hence the name.
    def onValidateAuthentication(self, authentication: Any, password: Any) -> SourceDiagnostic:
        if authentication == LLS and bytes(password or b"") != self.spec.secret.encode():
            return SourceDiagnostic.AUTHENTICATION_FAILURE
        return SourceDiagnostic.NONE


def main() -> None:
    global SUITE
    out = sys.stdout
    sys.stdout = sys.stderr
    for line in sys.stdin:
        spec = read(line)
        SUITE = spec.suite
        demo.SYSTEM_TITLE = spec.titles[1]
        with socket.create_server(("127.0.0.1", 0)) as listening:
            print("ready", listening.getsockname()[1], file=out, flush=True)
            wire, _ = listening.accept()
            with suppress(ConnectionError):
                demo.serve(wire, SecureMeter(spec), INACTIVITY_S)


if __name__ == "__main__":
    main()
