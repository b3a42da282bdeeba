"""Roles: what each client did against what its role in the descriptor permits (application.role, 7.2 to 7.4)."""

from collections.abc import Mapping

from analyzer.association_state import Association, about
from dissectors import problem as P
from dissectors.acse import Aarq
from dissectors.problem import Problem
from dissectors.profile import Profile
from dissectors.profile_types import Role
from dissectors.record import Pdu
from dissectors.xdlms.initiate import conformance_names

# Last arc of the object identifiers, as descriptors write them.
CONTEXTS = {1: "ln", 2: "sn", 3: "ln-ciphered", 4: "sn-ciphered"}
MECHANISMS = {
    0: "none",
    1: "lls",
    2: "hls",
    3: "hls-md5",
    4: "hls-sha1",
    5: "hls-gmac",
    6: "hls-sha256",
    7: "hls-ecdsa",
}


class Roles:
    """Each deviation is told once an association. An empty list in the descriptor permits everything."""

    def __init__(self, profiles: Mapping[str, Profile]) -> None:
        self.profiles = profiles
        self._found: dict[tuple[str, int, int], Role | None] = {}

    def of(self, p: Pdu) -> Role | None:
        """The role of the client of a PDU towards its server; None where the descriptor states none."""
        key = (p.profile, p.client, p.server)
        if key not in self._found:
            profile = self.profiles.get(p.profile)
            self._found[key] = next(
                (
                    role
                    for role in (profile.roles if profile is not None else ())
                    if role.client == p.client and (not role.servers or p.server in role.servers)
                ),
                None,
            )
        return self._found[key]

    def pre_established(self, p: Pdu) -> bool:
        role = self.of(p)
        return role is not None and role.pre_established

    def associated(self, a: Association, p: Pdu, aarq: Aarq) -> tuple[Problem, ...]:
        """Context, mechanism, conformance proposed and PDU size of an AARQ."""
        role = self.of(p)
        if role is None:
            return ()
        problems: tuple[Problem, ...] = ()
        used: tuple[tuple[str, tuple[str, ...], str], ...] = (
            ("context", role.context, CONTEXTS.get(aarq.context, "unknown")),
            ("mechanism", role.mechanism, MECHANISMS.get(aarq.mechanism, "none")),
        )
        for what, allowed, name in used:
            problems += self._judge(a, p, role, what, allowed, name)
        initiate = aarq.initiate
        if initiate is not None:
            for name in conformance_names(initiate.conformance) if role.conformance else ():
                problems += self._judge(a, p, role, "conformance bit", role.conformance, name)
            if role.max_pdu and initiate.max_pdu > role.max_pdu:
                text = f"receives PDUs of {initiate.max_pdu} octets where its role permits {role.max_pdu}"
                problems += (about(P.APDU_ROLE, p.octets, p.client, role.name, text),)
        return problems

    def service(self, a: Association, p: Pdu, service: str) -> tuple[Problem, ...]:
        """The first use of a service in an association."""
        a.services.add(service)
        role = self.of(p)
        return () if role is None else self._judge(a, p, role, "service", role.services, service)

    def protected(self, a: Association, p: Pdu, suite: int, policy: str) -> tuple[Problem, ...]:
        """Suite and policy of a protected APDU."""
        role = self.of(p)
        if role is None or suite < 0:
            return ()
        problems = self._judge(a, p, role, "security suite", tuple(map(str, role.suite)), str(suite))
        return problems + self._judge(a, p, role, "security policy", role.policy, policy)

    @staticmethod
    def _judge(
        a: Association, p: Pdu, role: Role, what: str, allowed: tuple[str, ...], used: str
    ) -> tuple[Problem, ...]:
        if not allowed or used in allowed or (what, used) in a.told:
            return ()
        a.told.add((what, used))
        text = f"{what} {used} where its role permits {', '.join(allowed)}"
        return (about(P.APDU_ROLE, p.octets, p.client, role.name, text),)
