"""What a person should know about the security of the traffic: observations as problems (apdu.md 14, CIPH and ST).

The state of one analysis: counters by sender and key, protection agreed and used by association. The association
stage calls one method an APDU, in the order of the capture:

    associated   each AARQ and AARE, after its user-information was deciphered
    protected    each APDU that unprotect took a protection off, or could not
    clear        each APDU that came without protection, but for AARQ, AARE, RLRQ, RLRE
    hls          each checked reply of HLS pass 3 or 4
    agreed       where the security suite is told otherwise (class 64 attribute 3, a profile's role)

Memory is bounded: the oldest counters and associations are forgotten first. No result holds octets of a key.
"""

from typing import Any

from dissectors import problem as P
from dissectors.acse import Aare, Aarq
from dissectors.acse_components import title_problem
from dissectors.apdu import Apdu
from dissectors.hls import Checked
from dissectors.keys import KeyRing, Parties, Secret
from dissectors.problem import Problem
from dissectors.protection import POLICIES, TAG_MISMATCH, Unprotected, title_text
from dissectors.record import Direction
from dissectors.xdlms.initiate import InitiateRequest

COUNTER_MAX = 0xFFFFFFFF
RESET_BELOW = 16  # a counter that falls to less than this starts again; else an old message may be replayed
MAX_KEPT = 65536
MAX_REQUESTS = 256  # policies of requests kept an association
KIND_WORDS = {
    "global-unicast": "global unicast key",
    "global-broadcast": "global broadcast key",
    "dedicated": "dedicated key",
    "hls": "HLS GMAC",
}
# Keys printed in standards, tools and manuals, named without their octets: no output shows a key.
KNOWN_KEYS: dict[bytes, str] = {
    bytes(range(16)): "encryption key of the standard's examples",
    bytes(range(32)): "encryption key of the standard's examples for 256 bits",
    bytes(range(0xD0, 0xE0)): "authentication key of the standard's examples",
    bytes(range(0xD0, 0xF0)): "authentication key of the standard's examples for 256 bits",
    bytes(range(15, -1, -1)): "octets counted down",
    bytes(0x11 * n for n in range(16)): "digits in pairs, counted up",
    bytes(0x11 * n for n in range(15, -1, -1)): "digits in pairs, counted down",
}
LOW = 1  # the mechanism of a password
PASSED_OVER = frozenset({"exception", "error"})  # have no ciphered form, or answer what could not be deciphered
# (class, attribute) and (class, method) whose data is a secret
SECRET_ATTRIBUTES = frozenset({(15, 7)})
SECRET_METHODS = frozenset({(15, 2), (12, 5), (12, 6)})


class _State:
    """What one association agreed on and did."""

    __slots__ = ("asked", "ciphered", "policies", "suite", "told")

    def __init__(self) -> None:
        self.asked = -1  # mechanism of the AARQ
        self.ciphered = False
        self.suite = -1
        self.policies: dict[int, str] = {}  # of requests, by invoke id; -1 where that is not known
        self.told: set[str] = set()  # observations made once an association


def _about(kind: P.Kind, octets: bytes, *args: Any) -> Problem:
    return Problem(kind, 0, len(octets), args, "apdu")


class Watch:
    """One analysis' watch. Each method gives the problems to add to the message at hand; octets are those of
    the APDU as captured, association is its number (0: outside any)."""

    def __init__(self, keys: KeyRing) -> None:
        self._ring = keys
        self._associations: dict[int, _State] = {}
        self._counters: dict[tuple[bytes, str, int], int] = {}
        self._judged: set[tuple[int, str]] = set()  # keys looked up among the known ones
        self._titles: set[bytes] = set()

    def _of(self, association: int) -> _State:
        state = self._associations.get(association)
        if state is None:
            if len(self._associations) >= MAX_KEPT:
                del self._associations[next(iter(self._associations))]
            state = self._associations[association] = _State()
        return state

    # -- associations -------------------------------------------------------------------------------

    def associated(
        self, association: int, octets: bytes, apdu: Aarq | Aare, deciphered: Unprotected | None = None
    ) -> tuple[Problem, ...]:
        """An AARQ or AARE with its number, and what became of its ciphered user-information (None: in clear).

        Problems: security.key-clear for a dedicated key in clear, security.lls, and those of `protected`. The title
        and the password themselves are noted where ACSE is dissected (apdu.st, apdu.lls-clear)."""
        state = self._of(association)
        state.ciphered = state.ciphered or apdu.ciphered_context
        out: tuple[Problem, ...] = ()
        title = apdu.calling_title if isinstance(apdu, Aarq) else apdu.responding_title
        if title:
            self._remember_title(title)
        if isinstance(apdu, Aarq):
            state.asked = apdu.mechanism
            initiate = apdu.initiate
            if isinstance(initiate, InitiateRequest) and initiate.dedicated_key is not None:
                if deciphered is None:
                    out += (Problem(P.SECURITY_KEY_CLEAR, *initiate.dedicated_key, ("dedicated key",), "apdu"),)
                elif deciphered.policy == "authenticated":
                    out += (_about(P.SECURITY_KEY_CLEAR, octets, "dedicated key"),)
        elif apdu.accepted and LOW in (apdu.mechanism, state.asked if apdu.mechanism < 0 else -1):
            where = "a ciphered context" if apdu.ciphered_context else "a context without ciphering"
            out += (_about(P.SECURITY_LLS, octets, where),)
        if deciphered is not None:
            out += self.protected(association, octets, deciphered, "request" if isinstance(apdu, Aarq) else "response")
        return out

    def agreed(self, association: int, suite: int) -> None:
        """The suite that this association should use."""
        self._of(association).suite = suite

    # -- APDUs --------------------------------------------------------------------------------------

    def protected(
        self, association: int, octets: bytes, found: Unprotected, role: str, invoke_id: int = -1
    ) -> tuple[Problem, ...]:
        """An APDU that was protected, deciphered or not; role and invoke_id of the inner APDU where it was (the
        role else of the outer name). Call it for each layer of nested forms.

        Problems: apdu.ciph-ic, security.counter-reset, apdu.ciph-mirror, security.suite, security.known-key,
        apdu.st; those of found itself are the caller's to add."""
        state = self._of(association)
        out = self._counter(association, octets, found)
        if found.policy == "signed":
            return out
        if found.suite >= 0:
            if found.suite < state.suite and self._once(state, f"suite {found.suite}"):
                out += (_about(P.SECURITY_SUITE, octets, found.suite, state.suite),)
            state.suite = max(state.suite, found.suite)
        out += self._mirror(state, octets, found.policy, role, invoke_id)
        out += self._known(octets, found)
        if found.system_title and self._remember_title(found.system_title):
            wrong = title_problem(found.system_title)
            if wrong:
                out += (_about(P.APDU_ST, octets, title_text(found.system_title), wrong),)
        return out

    def clear(self, association: int, octets: bytes, apdu: Apdu) -> tuple[Problem, ...]:
        """An APDU that came in clear.

        Problems: apdu.ciph-clear in a ciphered context (exceptions and service errors apart),
        apdu.ciph-mirror, security.key-clear for a secret that is set or read in clear."""
        out: tuple[Problem, ...] = ()
        secret = (apdu.class_id, apdu.attribute) in SECRET_ATTRIBUTES or (apdu.class_id, apdu.method) in SECRET_METHODS
        if secret and apdu.data is not None:
            out += (Problem(P.SECURITY_KEY_CLEAR, *apdu.data, ("authentication secret",), "apdu"),)
        state = self._associations.get(association)
        if state is None or not state.ciphered or apdu.service in PASSED_OVER:
            return out
        out += (_about(P.APDU_CIPH_CLEAR, octets, apdu.name),)
        return out + self._mirror(state, octets, POLICIES[0], apdu.role, apdu.invoke_id)

    def hls(self, octets: bytes, who: Parties, checked: Checked) -> tuple[Problem, ...]:
        """A reply of HLS pass 3 or 4. Problems: security.hls, apdu.ciph-ic of a GMAC reply."""
        out: tuple[Problem, ...] = ()
        if checked.status in ("wrong-key", "malformed"):
            out += (_about(P.SECURITY_HLS, octets, 3 if who.direction == Direction.TO_SERVER else 4, checked.reason),)
        if checked.counter >= 0 and who.sender and checked.status != "wrong-key":
            out += self._rising(octets, (who.sender, "hls", checked.key_number), checked.counter)
        return out

    # -- single observations ------------------------------------------------------------------------

    def _once(self, state: _State, what: str) -> bool:
        if what in state.told:
            return False
        state.told.add(what)
        return True

    def _remember_title(self, title: bytes) -> bool:
        """Whether it is new."""
        if title in self._titles:
            return False
        if len(self._titles) >= MAX_KEPT:
            self._titles.clear()
        self._titles.add(title)
        return True

    def _counter(self, association: int, octets: bytes, found: Unprotected) -> tuple[Problem, ...]:
        """Counters of one sender under one key must rise; a forged message does not count."""
        kind = found.key_kind
        if found.counter < 0 or not found.system_title or found.status == TAG_MISMATCH or kind not in KIND_WORDS:
            return ()
        # A dedicated key lives as long as its association.
        number = association if kind == "dedicated" else found.key_number
        return self._rising(octets, (found.system_title, kind, number), found.counter)

    def _rising(self, octets: bytes, key: tuple[bytes, str, int], counter: int) -> tuple[Problem, ...]:
        last = self._counters.get(key)
        if last is None and len(self._counters) >= MAX_KEPT:
            del self._counters[next(iter(self._counters))]
        self._counters[key] = counter
        whose = f"{title_text(key[0])} ({KIND_WORDS[key[1]]})"
        out: tuple[Problem, ...] = ()
        if counter == COUNTER_MAX:
            out += (_about(P.APDU_CIPH_IC, octets, counter, whose, "exhausted, the key must be renewed"),)
        if last is None or counter > last:
            return out
        if counter == last:
            return (*out, _about(P.APDU_CIPH_IC, octets, counter, whose, "repeated"))
        if counter < RESET_BELOW:
            return (*out, _about(P.SECURITY_COUNTER_RESET, octets, whose, counter, last))
        return (*out, _about(P.APDU_CIPH_IC, octets, counter, whose, f"falls, {last} came before"))

    def _mirror(self, state: _State, octets: bytes, policy: str, role: str, invoke_id: int) -> tuple[Problem, ...]:
        """A response is protected at least as its request."""
        if role == "request":
            if len(state.policies) >= MAX_REQUESTS:
                state.policies.clear()
            state.policies[invoke_id] = state.policies[-1] = policy
            return ()
        if role != "response":
            return ()
        asked = state.policies.get(invoke_id, state.policies.get(-1))
        if asked is None:
            return ()
        lacking = POLICIES.index(asked) & ~POLICIES.index(policy)
        return (_about(P.APDU_CIPH_MIRROR, octets, policy, asked),) if lacking else ()

    def _known(self, octets: bytes, found: Unprotected) -> tuple[Problem, ...]:
        """Whether a key that fitted is printed somewhere; once a key."""
        mark = (found.key_number, found.key_kind)
        keys = self._ring.get(found.key_number)
        if keys is None or mark in self._judged:
            return ()
        self._judged.add(mark)
        used = {
            "global-unicast": keys.encryption, "global-broadcast": keys.broadcast, "wrapped": keys.master,
        }.get(found.key_kind)  # fmt: skip
        labelled = [(KIND_WORDS.get(found.key_kind, "master key"), used)]
        if found.policy.startswith("authenticated") and (0, str(found.key_number)) not in self._judged:
            self._judged.add((0, str(found.key_number)))
            labelled.append(("authentication key", keys.authentication))
        return tuple(
            _about(P.SECURITY_KNOWN_KEY, octets, f"{label} of {keys.name}", why)
            for label, secret in labelled
            if secret is not None and (why := well_known(secret))
        )


def well_known(secret: Secret) -> str:
    """Where a key is printed, or what is simple about it, in words without its octets; "" where nothing is."""
    octets = secret.reveal()
    if len(set(octets)) == 1:
        return "one octet repeated"
    return KNOWN_KEYS.get(octets, "")
