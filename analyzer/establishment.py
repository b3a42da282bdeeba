"""Establishment: AARQ and AARE, HLS passes, RLRQ and RLRE: how associations begin and end (IEC 62056-5-3, 7)."""

from analyzer.association_book import Book, Key
from analyzer.association_state import Association, about
from analyzer.model import Message, Target
from analyzer.opening import Opened, Opener
from analyzer.roles import Roles
from analyzer.security_watch import Watch
from dissectors import problem as P
from dissectors.acse import Aare, Aarq
from dissectors.apdu import Apdu
from dissectors.problem import Problem
from dissectors.record import Pdu
from dissectors.xdlms.initiate import conformance_names

# (association, the request that it answers or continues, its target, problems)
Fate = tuple[Association | None, Message | None, Target | None, tuple[Problem, ...]]


class Establishment:
    """What ACSE APDUs and HLS replies do to the associations of a book."""

    def __init__(self, book: Book, opener: Opener, watch: Watch, roles: Roles) -> None:
        self.book = book
        self.opener = opener
        self.watch = watch
        self.roles = roles

    def hls(self, key: Key, a: Association, p: Pdu, apdu: Apdu, octets: bytes) -> tuple[Problem, ...]:
        """Pass 3 or 4 verified, where the keys allow."""
        asked, given = a.aarq, a.aare
        if asked is None or given is None or apdu.data is None or not self.opener.ring:
            return ()
        from dissectors.hls import Challenges, check_reply, reply_octets

        reply = reply_octets(octets, *apdu.data)
        if reply is None:
            return ()
        who = self.opener.parties(p, key)
        challenges = Challenges(asked.challenge, given.challenge)
        return self.watch.hls(octets, who, check_reply(asked.mechanism, who, challenges, reply, self.opener.ring))

    def authenticating(self, a: Association, p: Pdu, apdu: Apdu) -> tuple[Problem, ...]:
        """HLS passes 3 and 4: reply_to_HLS_authentication (class 15, method 1; class 12, method 8)."""
        if apdu.service == "action" and apdu.role == "request":
            if (apdu.class_id, apdu.method) in ((15, 1), (12, 8)):
                return ()
        elif apdu.service in ("action", "read", "write") and apdu.role == "response":
            if apdu.result in (None, "success"):
                a.status = "open"
            else:
                a.status, a.ended_by, a.end_frame = "rejected", f"HLS: {apdu.result}", p.frames[-1]
            return ()
        elif apdu.service in ("read", "write", "ciphered", "exception", "error"):
            return ()
        return (about(P.APDU_HLS_ORDER, p.octets, apdu.name),)

    def establish(self, key: Key, a: Association | None, p: Pdu, apdu: Apdu, opened: Opened | None) -> Fate:
        detail = apdu.detail
        octets = p.octets
        initiate = opened.initiate if opened is not None else None
        if apdu.role == "request":
            problems: tuple[Problem, ...] = ()
            again = a is not None and a.status == "requested" and -1 in a.waiting and a.waiting[-1].pdu.octets == octets
            if a is None or not again:
                if a is not None and a.status in ("open", "authenticating") and p.physical >= 0:
                    problems += (about(P.HDLC_AA_LINK, octets, "AARQ on a link that already carries an association"),)
                a = self.book.new(key, p, "requested")
            a.status = "requested"
            if isinstance(detail, Aarq):
                a.aarq = detail
                a.ciphered = detail.ciphered_context
                problems += self.roles.associated(a, p, detail)
                problems += self.watch.associated(a.number, octets, detail, initiate)
            a.waiting.clear()
            return a, None, None, problems
        if a is None or a.status not in ("requested", "rejected", "open", "authenticating"):
            a = self.book.new(key, p, "mid-capture")
        waiting = a.waiting.pop(-1, None)
        problems = ()
        if isinstance(detail, Aare):
            a.aare = detail
            problems = self._accept(a, p, detail)
            problems += self.watch.associated(a.number, octets, detail, initiate)
        elif apdu.result not in (None, "success", "accepted"):
            a.status, a.ended_by = "rejected", apdu.result or ""
        return a, waiting, None, problems

    def _accept(self, a: Association, p: Pdu, aare: Aare) -> tuple[Problem, ...]:
        octets = p.octets
        problems: tuple[Problem, ...] = ()
        if not aare.accepted:
            a.status = "rejected"
            a.ended_by = aare.diagnostic_name or aare.result_name
            a.end_frame = p.frames[-1]
            return (about(P.APDU_ERR, octets, f"association {aare.result_name}: {aare.diagnostic_name}"),)
        a.status = "authenticating" if aare.hls_pending else "open"
        asked, agreed = a.aarq, aare.initiate
        proposed = asked.initiate if asked is not None else None
        if asked is not None and aare.context != asked.context:
            problems += (about(P.APDU_AARE_MISMATCH, octets, aare.context_name, asked.context_name),)
        conf = getattr(agreed, "conformance", -1)
        before = getattr(proposed, "conformance", -1)
        if conf >= 0 and before >= 0 and conf & ~before:
            extra = ", ".join(conformance_names(conf & ~before))
            problems += (about(P.APDU_CONF, octets, f"agreed but not proposed: {extra}"),)
        short = aare.short_names
        self.book.agree(
            a,
            short_names=short,
            conformance=conf,
            client_max_pdu=getattr(proposed, "max_pdu", 0) or 0,
            server_max_pdu=getattr(agreed, "max_pdu", 0) or 0,
        )
        return problems

    def release(self, key: Key, a: Association | None, p: Pdu, apdu: Apdu) -> Fate:
        if a is None:
            a = self.book.new(key, p, "mid-capture")
        if apdu.role == "request":
            a.waiting.clear()
            return a, None, None, ()
        waiting = a.waiting.pop(-1, None)
        a.status, a.ended_by, a.end_frame = "released", "RLRE", p.frames[-1]
        return a, waiting, None, ()
