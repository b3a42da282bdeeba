"""The tables of a communication profile descriptor, one struct each, by clause of IEC TS 62056-1-1.

Decoding is strict: unknown keys, wrong types and values out of range are refused with their key
path. What a type cannot say is checked by dissectors/profile_check.py.
"""

from typing import Annotated, Any, Literal

from msgspec import Meta

from dissectors.profile_application import Application, Bandwidth, Other, Role, Timing, When
from dissectors.profile_parameters import PARAMETERS, LayerParameters, Parameter
from dissectors.profile_rules import BANDWIDTH_RULES, RULES, RuleInfo
from dissectors.profile_values import Address, ClassId, Clause, Line, Name, Obis, Octet, Sha256, Table

__all__ = [
    "BANDWIDTH_RULES", "PARAMETERS", "RULES", "Application", "Bandwidth", "Document", "LayerParameters", "Other",
    "Parameter", "Role", "RuleInfo", "Timing", "When",
]  # fmt: skip


class BasedOn(Table, frozen=True, kw_only=True):
    """The profile that this one was copied from, and the SHA-256 of its text at that time."""

    name: Name
    sha256: Sha256


class Head(Table, frozen=True, kw_only=True):
    """[profile]: title, introduction and clause 1."""

    name: Name
    title: Line
    standard: Line
    edition: str = ""
    technology: str = ""
    networks: tuple[str, ...] = ()
    use_cases: tuple[str, ...] = ()
    introduction: str = ""
    scope: str = ""
    based_on: BasedOn | None = None


class Reference(Table, frozen=True, kw_only=True):
    """[[reference]], clause 2. dated: edition or year, "" for an undated reference."""

    designation: Line
    title: str = ""
    dated: str = ""


class Term(Table, frozen=True, kw_only=True):
    """[[term]], clause 3."""

    term: Line
    definition: Line


class Abbreviation(Table, frozen=True, kw_only=True):
    """[[abbreviation]], clause 3."""

    short: Line
    long: Line


class Environment(Table, frozen=True, kw_only=True):
    """[environment], clause 4: networks (WAN, NN, LN), media, interfaces of the architecture figure."""

    networks: tuple[Literal["WAN", "NN", "LN", "HAN"], ...] = ()
    media: tuple[str, ...] = ()
    interfaces: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    topology: str = ""
    text: str = ""


class LayerUse(Table, frozen=True, kw_only=True):
    """[[layers.use]], clause 5.1: which part of which standard is used how."""

    standard: Line
    clause: str = ""
    use: Literal["normative", "selected", "extended", "not-used"]
    layer: str = ""
    text: str = ""


class Recognition(Table, frozen=True, kw_only=True):
    """What traffic is a stack's own. Ports are a hint and prove nothing.

    first_octets: hexadecimal patterns, "." for any digit ("7E A."). check: what must hold to commit at once.
    wait_frames: how many frames may pass before a stack is given up."""

    transports: tuple[Literal["serial", "tcp", "udp", "exported", "radio"], ...]
    link_types: tuple[Annotated[int, Meta(ge=0, le=65535)], ...] = ()
    ports: tuple[Annotated[int, Meta(ge=1, le=65535)], ...] = ()
    first_octets: tuple[str, ...] = ()
    check: Literal["hdlc-fcs", "wrapper", "mbus-checksum", "bcc", "crc16", "crc-blocks", "none"] = "none"
    wait_frames: Annotated[int, Meta(ge=1, le=8)] = 8
    text: str = ""


class Stack(Table, frozen=True, kw_only=True):
    """[[stack]], clause 5.2: one profile of the document; layers lowest first."""

    name: Name
    layers: Annotated[tuple[str, ...], Meta(min_length=1)]
    recognition: Recognition
    title: str = ""


class Adaptation(Table, frozen=True, kw_only=True):
    """[layers.adaptation], clause 5.4: which service primitive of the layer below carries which APDU."""

    carrier: str = ""
    mapping: dict[str, str] = {}
    text: str = ""


class Connection(Table, frozen=True, kw_only=True):
    """[layers.connection], clause 5.5: what opens, keeps and ends a connection, and what a sniffer sees of it."""

    opens: str = ""
    keeps: str = ""
    ends: str = ""
    visible: str = ""
    text: str = ""


class Sap(Table, frozen=True, kw_only=True, rename={"first": "from", "last": "to"}):
    """[[addressing.client]], .server, .physical: one address (sap) or a range (from, to), both included.

    width: octets of the server address form that it holds for (1, 2, 4); empty: every form."""

    name: Line
    use: Literal["reserved", "mandatory", "free"] = "free"
    sap: Address | None = None
    first: Address | None = None
    last: Address | None = None
    width: tuple[Literal[1, 2, 4], ...] = ()
    stacks: tuple[Name, ...] = ()
    kind: Literal["station", "no-station", "all-station", "calling", "group"] = "station"
    text: str = ""

    @property
    def low(self) -> int:
        return self.sap if self.sap is not None else self.first or 0

    @property
    def high(self) -> int:
        return self.sap if self.sap is not None else self.last or 0


class Identifier(Table, frozen=True, kw_only=True):
    """[[addressing.identifier]]: identifiers beside SAPs, and what they are bound to."""

    name: Line
    octets: Annotated[int, Meta(ge=0, le=255)]
    structure: str = ""
    bound_to: str = ""
    text: str = ""


class Addressing(Table, frozen=True, kw_only=True):
    """[addressing], clause 6. client_octets, server_octets: widths of the address fields on the line."""

    client_octets: tuple[Annotated[int, Meta(ge=0, le=16)], ...] = ()
    server_octets: tuple[Annotated[int, Meta(ge=0, le=16)], ...] = ()
    form: str = ""
    broadcast: str = ""
    calling: str = ""
    client: tuple[Sap, ...] = ()
    server: tuple[Sap, ...] = ()
    physical: tuple[Sap, ...] = ()
    identifier: tuple[Identifier, ...] = ()
    text: str = ""


class ManagementObject(Table, frozen=True, kw_only=True):
    """[[management.object]], clause 8. mirrors: key path of the layer parameter that the attribute configures."""

    class_id: ClassId
    version: Octet | None = None
    obis: Obis | None = None
    attribute: Annotated[int, Meta(ge=1, le=255)] | None = None
    name: str = ""
    mirrors: Annotated[str, Meta(pattern=r"^layers\.[a-z0-9-]+\.[a-z0-9_]+$")] | None = None
    text: str = ""


class Management(Table, frozen=True, kw_only=True):
    """[management], clause 8."""

    object: tuple[ManagementObject, ...] = ()
    text: str = ""


class ProcessObject(Table, frozen=True, kw_only=True):
    """[[process.object]], clause 9. ld: logical device (server SAP), None for any. access: rights by client SAP."""

    ld: Address | None = None
    class_id: ClassId
    version: Octet | None = None
    obis: Obis
    use: Literal["mandatory", "optional", "conditional"] = "optional"
    access: dict[
        Annotated[str, Meta(pattern=r"^(\d{1,5}|any)$")], Annotated[str, Meta(pattern=r"^(-|r?w?x?)$", min_length=1)]
    ] = {}
    name: str = ""
    text: str = ""


class Process(Table, frozen=True, kw_only=True):
    """[process], clause 9."""

    object: tuple[ProcessObject, ...] = ()
    text: str = ""


class Expect(Table, frozen=True, kw_only=True):
    """What a step must decode to. None: not stated. values: dotted paths into the message (or, with the
    prefix "frame.", into the frame) as the JSON contract writes it; problems: the codes, exactly."""

    layers: tuple[str, ...] | None = None
    kind: str | None = None
    apdu: str | None = None
    values: dict[str, Any] = {}
    problems: tuple[str, ...] = ()
    verdicts: dict[str, str] = {}


class Step(Table, frozen=True, kw_only=True):
    """[[example.step]]: octets sent at_us after the example's start (time of the first octet)."""

    at_us: Annotated[int, Meta(ge=0)]
    direction: Literal["client-to-server", "server-to-client", "unknown"]
    octets: Line
    expect: Expect = Expect()

    @property
    def data(self) -> bytes:
        return bytes.fromhex(self.octets)


class Example(Table, frozen=True, kw_only=True):
    """[[example]], Annex A. stack: the profile's stack that it shows, the first one where absent.
    layer: layer of a step's first octet; where absent the lowest of the stack that is no IP carrier."""

    title: Line
    origin: Line
    stack: Name | None = None
    layer: str | None = None
    baud: Annotated[int, Meta(ge=1)] | None = None
    keys: tuple[dict[str, str], ...] = ()
    step: Annotated[tuple[Step, ...], Meta(min_length=1)]
    text: str = ""


class ClassAttribute(Table, frozen=True, kw_only=True):
    """An attribute of an interface class. short_name: offset of the attribute in SN referencing."""

    id: Annotated[int, Meta(ge=1, le=255)]
    name: Line
    type: Line
    min: int | None = None
    max: int | None = None
    default: int | str | None = None
    static: bool = True
    short_name: Address | None = None
    unit: str = ""


class ClassMethod(Table, frozen=True, kw_only=True):
    """A method of an interface class."""

    id: Annotated[int, Meta(ge=1, le=255)]
    name: Line
    mandatory: bool = False
    short_name: Address | None = None


class InterfaceClass(Table, frozen=True, kw_only=True):
    """[[interface_class]], Annex B: wins over the catalogue."""

    class_id: ClassId
    version: Octet = 0
    name: Line
    attribute: tuple[ClassAttribute, ...] = ()
    method: tuple[ClassMethod, ...] = ()
    text: str = ""


class ObisName(Table, frozen=True, kw_only=True):
    """[[obis]], Annex B: wins over the catalogue. A letter stands for any value of its group."""

    code: Obis
    name: Line
    class_id: tuple[ClassId, ...] = ()
    unit: str = ""


class Statement(Table, frozen=True, kw_only=True):
    """[[statement]]: one sentence of the conformance statement. check: a timing rule, a problem code, or
    "not-observable" by a passive analyzer."""

    id: Annotated[str, Meta(pattern=r"^[A-Z0-9][A-Z0-9.-]*$")]
    clause: Clause
    verb: Literal["shall", "should"]
    text: Line
    check: Line


class Layers(Table, frozen=True, kw_only=True):
    """[layers] without the parameters of single layers, which each layer's own struct checks."""

    use: tuple[LayerUse, ...] = ()
    adaptation: Adaptation = Adaptation()
    connection: Connection = Connection()


class Document(Table, frozen=True, kw_only=True):
    """A whole descriptor."""

    profile: Head
    reference: tuple[Reference, ...] = ()
    term: tuple[Term, ...] = ()
    abbreviation: tuple[Abbreviation, ...] = ()
    environment: Environment = Environment()
    layers: Layers = Layers()
    stack: Annotated[tuple[Stack, ...], Meta(min_length=1)]
    addressing: Addressing = Addressing()
    application: Application = Application()
    management: Management = Management()
    process: Process = Process()
    additional: Other = Other()
    example: tuple[Example, ...] = ()
    interface_class: tuple[InterfaceClass, ...] = ()
    obis: tuple[ObisName, ...] = ()
    text: dict[Clause, str] = {}
    statement: tuple[Statement, ...] = ()
