"""Clause 7 of a profile descriptor: associations, roles, services, security, long messages, media access, timing."""

from typing import Annotated, Literal

from msgspec import Meta

from dissectors.duration import Duration
from dissectors.profile_values import (
    Address,
    AttributeKey,
    ClassId,
    Confidence,
    ConformanceBit,
    ContextName,
    Line,
    MechanismName,
    Name,
    Obis,
    Percent,
    Policy,
    Service,
    SeverityName,
    Subject,
    Table,
)  # fmt: skip


class Association(Table, frozen=True, kw_only=True):
    """[application.association], clause 7.2."""

    acse: Literal["carried", "pre-established", "both", "none"] = "carried"
    release: tuple[Literal["rlrq", "link-disconnect", "tcp-close", "time-out", "none"], ...] = ()
    contexts: tuple[ContextName, ...] = ()
    mechanisms: tuple[MechanismName, ...] = ()
    per_link: str = ""
    text: str = ""


class Role(Table, frozen=True, kw_only=True):
    """[[application.role]], 7.2 to 7.4: what each client may do. max_pdu 0: not limited by the profile."""

    client: Address
    name: Line
    servers: tuple[Address, ...] = ()
    context: tuple[ContextName, ...] = ()
    mechanism: tuple[MechanismName, ...] = ()
    suite: tuple[Literal[0, 1, 2], ...] = ()
    policy: tuple[Policy, ...] = ()
    conformance: tuple[ConformanceBit, ...] = ()
    services: tuple[Service, ...] = ()
    max_pdu: Address = 0
    pre_established: bool = False
    stacks: tuple[Name, ...] = ()
    clause: str = ""
    text: str = ""


class Services(Table, frozen=True, kw_only=True):
    """[application.services], clause 7.3."""

    confirmed: tuple[Service, ...] = ()
    unconfirmed: tuple[Service, ...] = ()
    referencing: tuple[Literal["ln", "sn"], ...] = ()
    push: str = ""
    text: str = ""


class Security(Table, frozen=True, kw_only=True):
    """[application.security], clause 7.4."""

    suites: tuple[Literal[0, 1, 2], ...] = ()
    policies: tuple[Policy, ...] = ()
    protection: tuple[str, ...] = ()
    text: str = ""


class LongMessages(Table, frozen=True, kw_only=True):
    """[application.long_messages], clause 7.5. max_apdu in octets, 0: no limit of the profile."""

    methods: tuple[
        Literal[
            "link-segmentation", "service-block-transfer", "general-block-transfer", "stream", "ip-fragmentation",
            "ci-segmentation", "coap-block",
        ], ...,
    ] = ()  # fmt: skip
    link_segmentation: Literal["server-to-client", "client-to-server", "both", "none"] = "none"
    max_apdu: Annotated[int, Meta(ge=0)] = 0
    text: str = ""


class MediaAccess(Table, frozen=True, kw_only=True):
    """[application.media_access], clause 7.6."""

    method: str = ""
    retries: str = ""
    back_off: str = ""
    text: str = ""


class Bandwidth(Table, frozen=True, kw_only=True):
    """[[application.bandwidth]], clause 7.6: share of the medium within a sliding window, in percent."""

    rule: Literal["line-load", "duty-cycle", "goodput"]
    max_percent: Percent | None = None
    min_percent: Percent | None = None
    window: Duration
    subject: Subject = "network"
    stacks: tuple[Name, ...] = ()
    clause: Line
    severity: SeverityName = "warning"
    confidence: Confidence = "B"
    text: str = ""


class When(Table, frozen=True, kw_only=True):
    """Condition of a timing rule; what is absent holds always.

    third_letter: case of the manufacturer's third letter in an identification of IEC 62056-21 (6.3.2)."""

    service: Service | None = None
    class_id: ClassId | None = None
    obis: Obis | None = None
    phase: Literal["sign-on", "readout", "programming", "link-set-up", "association", "data", "push"] | None = None
    mode: Line | None = None
    third_letter: Literal["upper", "lower"] | None = None
    baud: Annotated[int, Meta(ge=1)] | None = None
    marker: Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.+-]{0,63}$")] | None = None


class Timing(Table, frozen=True, kw_only=True):
    """[[application.timing]], clause 7.6: one limit, or with neither min nor max a measurement without verdict.

    parameter: the COSEM attribute ("23.8") whose value replaces the limit once it was seen."""

    rule: str
    kind: Literal["delay", "timeout", "period", "count"]
    subject: Subject
    stacks: tuple[Name, ...] = ()
    when: When = When()
    min: Duration | None = None
    max: Duration | None = None
    per: Annotated[str, Meta(pattern=r"^(each|mean|p[1-9][0-9]?)$")] = "each"
    min_samples: Annotated[int, Meta(ge=1)] = 1
    clause: Line
    severity: SeverityName = "warning"
    confidence: Confidence
    parameter: AttributeKey | None = None
    text: str = ""


class Other(Table, frozen=True, kw_only=True):
    """[application.other], clause 7.7, and [additional], clause 10."""

    text: str = ""
    facts: dict[str, str] = {}


class Application(Table, frozen=True, kw_only=True):
    """[application], clause 7."""

    association: Association = Association()
    role: tuple[Role, ...] = ()
    services: Services = Services()
    security: Security = Security()
    long_messages: LongMessages = LongMessages()
    media_access: MediaAccess = MediaAccess()
    bandwidth: tuple[Bandwidth, ...] = ()
    timing: tuple[Timing, ...] = ()
    other: Other = Other()
