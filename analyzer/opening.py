"""Opening: from the octets of a PDU to its innermost APDU: general blocks joined, protections taken off.

One Peer for each (conversation, client, server, physical device), with what its APDUs need from
earlier ones: general block transfers under way, system titles, the dedicated key. A text whose
authentication fails is shown, but its role is taken away, so that it reaches no pairing or timing.
"""

from typing import Any, NamedTuple

import msgspec

from dissectors import apdus, quickapdu
from dissectors.acse import Aare, Aarq, Rlre, Rlrq
from dissectors.apdu import Apdu
from dissectors.context import Context
from dissectors.cursor import Cursor
from dissectors.general_blocks import GeneralBlocks
from dissectors.keys import KeyRing, Parties
from dissectors.problem import APDU_UNDISSECTED, Problem
from dissectors.protection import Unprotected
from dissectors.record import Direction, Pdu
from dissectors.unprotect import unprotect

MAX_NESTING = 4  # general blocks, ciphering, signing, and one more
TO_CLIENT = int(Direction.TO_CLIENT)
Key = tuple[int, int, int, int]  # conversation, client, server, physical


class Security(NamedTuple):
    """outer: the protected APDU as it went over the line; result: what became of it."""

    outer: Apdu
    result: Unprotected


class Opened(NamedTuple):
    """apdu: the innermost APDU that could be read, plain: its octets, None where the PDU's own. frames: all
    frames of a general block transfer that ends here, () else. believed: nothing speaks against it."""

    apdu: Apdu
    problems: tuple[Problem, ...]
    plain: bytes | None
    security: Security | None
    frames: tuple[int, ...]
    believed: bool
    layers: tuple[Unprotected, ...] = ()
    initiate: Unprotected | None = None
    progress: str = ""  # of a general block transfer, in words


class Peer:
    """What one client and one server told so far."""

    __slots__ = ("asked", "client_title", "dedicated", "general", "server_title")

    def __init__(self) -> None:
        self.general: GeneralBlocks | None = None
        self.client_title = b""
        self.server_title = b""
        self.dedicated = 0
        self.asked = b""  # the InitiateRequest of an AARQ that no key opened, until the AARE tells the server's title


class Opener:
    """ring: the keys given, empty for none."""

    def __init__(self, ring: KeyRing) -> None:
        self.ring = ring
        self._peers: dict[Key, Peer] = {}

    def peer(self, key: Key) -> Peer:
        peer = self._peers.get(key)
        if peer is None:
            peer = self._peers[key] = Peer()
        return peer

    def open(self, p: Pdu, key: Key, context: Context) -> Opened:
        """Takes off what can be taken off."""
        octets = p.octets
        plain: bytes | None = None
        security: Security | None = None
        frames: tuple[int, ...] = ()
        problems: tuple[Problem, ...] = ()
        believed = True
        layers: tuple[Unprotected, ...] = ()
        initiate: Unprotected | None = None
        progress = ""
        for _ in range(MAX_NESTING):
            if plain is not None:
                quickly = quickapdu.dissect(octets, p.direction)
                if quickly is not None:
                    apdu = quickly
                    break
            c = Cursor(octets, buffer="apdu")
            apdu = apdus.dissect(c, context)
            problems += c.problems
            if apdu.service == "block":
                joined = self._block(p, key, apdu, octets, context)
                problems += joined[2]
                progress = joined[3]
                if joined[0] is None:
                    break
                octets = plain = joined[0]
                frames = joined[1]
            elif apdu.service == "ciphered":
                result = self._unprotect(p, key, octets, apdu)
                layers += (result,)
                if result.plain:
                    problems = tuple(x for x in problems if x.kind is not APDU_UNDISSECTED)
                problems += result.problems
                if security is None or not result.believed:
                    security = Security(security.outer if security is not None else apdu, result)
                if not result.plain:
                    break
                believed = believed and result.believed
                octets = plain = result.plain
            else:
                break
        if not believed:
            apdu = msgspec.structs.replace(apdu, role="")
        elif apdu.service == "ciphered" and not apdu.role:
            apdu = msgspec.structs.replace(apdu, role="response" if p.direction == TO_CLIENT else "request")
        if isinstance(apdu.detail, (Aarq, Aare, Rlrq, Rlre)):
            apdu, security = self._initiate(p, key, apdu, octets)
            initiate = security.result if security is not None else None
        return Opened(apdu, problems, plain, security, frames, believed, layers, initiate, progress)

    # -- general blocks -----------------------------------------------------------------------------------

    def _block(
        self, p: Pdu, key: Key, apdu: Apdu, octets: bytes, context: Context
    ) -> tuple[bytes | None, tuple[int, ...], tuple[Problem, ...], str]:
        peer = self.peer(key)
        if peer.general is None:
            peer.general = GeneralBlocks()
        step = peer.general.add(apdu, octets, p.direction, p.frames, context)
        return step.joined, step.frames, step.problems, step.progress

    # -- protection ---------------------------------------------------------------------------------------

    def parties(self, p: Pdu, key: Key) -> Parties:
        """What is known of both sides at this PDU."""
        peer = self.peer(key)
        hosts = tuple(h.rpartition(":")[0] for h in (p.path.source, p.path.destination) if h)
        return Parties(
            p.direction, p.client, p.server, peer.client_title, peer.server_title, p.first_ns, hosts, peer.dedicated
        )

    def _unprotect(self, p: Pdu, key: Key, octets: bytes, apdu: Apdu) -> Unprotected:
        result = unprotect(octets, self.ring, self.parties(p, key), apdu)
        if result.believed and len(result.system_title) == 8:
            self.learn_title(p.direction, key, result.system_title)
        return result

    def learn_title(self, direction: int, key: Key, title: bytes | None) -> None:
        """The system title of the sender of an APDU."""
        if title is None or len(title) != 8:
            return
        if direction == TO_CLIENT:
            self.peer(key).server_title = title
        else:
            self.peer(key).client_title = title

    def _initiate(self, p: Pdu, key: Key, apdu: Apdu, octets: bytes) -> tuple[Apdu, Security | None]:
        """AARQ, AARE, RLRQ or RLRE with its ciphered InitiateRequest or -Response deciphered, where keys allow."""
        detail: Any = apdu.detail
        peer = self.peer(key)
        if isinstance(detail, (Aarq, Aare)):
            title = detail.calling_title if isinstance(detail, Aarq) else detail.responding_title
            self.learn_title(p.direction, key, title)
        if isinstance(detail, Aare):
            self._again(p, key, peer, detail.accepted)
        information = detail.information
        if information is None or not information.ciphered:
            return apdu, None
        start, end = information.range
        outer = apdus.dissect(Cursor(octets[start:end], buffer="apdu"), Context())
        result = self._unprotect(p, key, octets[start:end], outer)
        security = Security(outer, result)
        if not result.plain or not result.believed:
            if isinstance(detail, Aarq) and self.ring:
                peer.asked = octets[start:end]
            return apdu, security
        inner = apdus.dissect(Cursor(result.plain, buffer="apdu"), Context())
        if isinstance(detail, Aarq):
            self._dedicated(peer, result.plain, inner)
        clear = msgspec.structs.replace(information, tag=result.plain[0], value=inner.detail)
        return msgspec.structs.replace(apdu, detail=msgspec.structs.replace(detail, information=clear)), security

    def _again(self, p: Pdu, key: Key, peer: Peer, accepted: bool) -> None:
        """Tries the AARQ once more: of many meters' keys only some were tried before the server's title was known."""
        asked, peer.asked = peer.asked, b""
        if asked and accepted and peer.server_title:
            who = msgspec.structs.replace(self.parties(p, key), direction=int(Direction.TO_SERVER))
            result = unprotect(asked, self.ring, who)
            if result.plain is not None and result.believed:
                self._dedicated(peer, result.plain, apdus.dissect(Cursor(result.plain, buffer="apdu"), Context()))

    def _dedicated(self, peer: Peer, plain: bytes, inner: Apdu) -> None:
        """Learns the dedicated key of an InitiateRequest."""
        where = getattr(inner.detail, "dedicated_key", None)
        if where is not None:
            peer.dedicated = self.ring.learn_dedicated(plain[where[0] : where[1]])

    def transferred(self, p: Pdu, key: Key, data: bytes) -> None:
        """Keys of a key_transfer that the server took (class 64, method 2), where the master key is known."""
        if self.ring:
            from dissectors.key_agreement import learn_transfer

            learn_transfer(data, self.ring, self.parties(p, key))

    def forget(self, key: Key) -> tuple[Problem, ...]:
        """The association ended: its dedicated key and general blocks go with it."""
        peer = self._peers.get(key)
        if peer is None:
            return ()
        peer.dedicated = 0
        if key[3] < 0:  # a connection of its own: it does not come back
            del self._peers[key]
        if peer.general is not None:
            step = peer.general.abandon("the association ended")
            peer.general = None
            return step.problems if step is not None else ()
        return ()


def security_row(security: Security | None) -> dict[str, Any] | None:
    """The `security` object of the JSON contract."""
    if security is None:
        return None
    outer, result = security.outer, security.result
    return {
        "outer": outer.name,
        "suite": None if result.suite < 0 else result.suite,
        "policy": result.policy,
        "invocation_counter": None if result.counter < 0 else result.counter,
        "system_title": result.system_title.hex().upper() or None,
        "status": result.status,
        "reason": result.reason or None,
    }
