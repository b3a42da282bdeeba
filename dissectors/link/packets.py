"""Packets: from one record of a packet link type to its transport payload, through tunnels and fragments.

The complete path: `walk` over the layers' own dissectors, so that the tree and this reading are
one description. (The link stage takes a fused path for known flows and comes here for all others.)
"""

from struct import Struct as Pack
from typing import Final

from dissectors.context import EMPTY
from dissectors.layer import MAX_LAYERS, Dissected, Layer, walk
from dissectors.link import ethernet, exported, ip, pseudo, tcp, tunnel, udp
from dissectors.link.exported import Exported
from dissectors.link.fragments import Abandoned, Fragment, Fragments, Whole
from dissectors.link.ip import Ip, host
from dissectors.link.tcp import Tcp
from dissectors.link.udp import Udp
from dissectors.problem import IP_FRAGMENT, IP_TUNNEL, Problem
from dissectors.record import Value

LAYERS: Final[dict[str, Layer]] = {
    layer.name: layer
    for layer in (
        ethernet.LAYER,
        ethernet.PPPOE_LAYER,
        *pseudo.LAYERS,
        *ip.LAYERS,
        udp.LAYER,
        tcp.LAYER,
        *tunnel.LAYERS,
        exported.LAYER,
    )
}
LINK_TYPES: Final = {
    0: "null",
    1: "ethernet",
    9: "ppp",
    12: "raw-ip",
    14: "raw-ip",
    50: "ppp",
    101: "raw-ip",
    108: "loop",
    113: "sll",
    204: "ppp-direction",
    228: "ipv4",
    229: "ipv6",
    252: "exported",
    276: "sll2",
}
MAX_REASSEMBLIES: Final = 4  # fragments inside tunnels inside fragments
HEADER_SIZES: Final = {"": 0, "ipv4": 20, "ipv6": 40}  # what `datagram` puts before the reassembled octets
TRANSPORTS: Final[dict[type, str]] = {Tcp: "tcp", Udp: "udp", Exported: "exported"}


class Packet(Value, frozen=True, gc=False):
    """What one packet brings to its flow.

    transport: "tcp", "udp", "exported" (Wireshark upper PDU) or "other" (ARP, ICMP, not IP, cut in a
    header): then start = end, all octets are carrier.
    source, destination: hosts as text ("192.0.2.1", "2001:db8::1"), "" where there is none.
    hosts: packed source + destination (8 or 32 octets, b"" where none): with the ports the key of a
    way; the way back is destination + source. Ports are -1 where there are none.
    octets[start:end] is the payload. octets is the record's own buffer; or, when records names the
    fragments, the reassembled IP datagram with the header that reassembly gives it (dissect it as
    "ipv4" or "ipv6": reassembled). carrier: all octets of all its records around the payload, so that
    len(carrier) + end - start is the size of its records.
    announced: payload octets that the headers speak of: more than end - start where the capture cut.
    waits: a fragment whose datagram is not complete yet: its octets come with the packet that
    completes it, or with an Abandoned; carrier is empty.
    layers: names from the outermost on. first_ns, last_ns: earliest and latest time of its records.
    protocol: dissector name of an exported PDU ("dlms", "hdlc", …).
    """

    transport: str
    source: str
    destination: str
    source_port: int
    destination_port: int
    hosts: bytes
    octets: bytes
    start: int
    end: int
    announced: int
    carrier: bytes
    records: tuple[int, ...]
    layers: tuple[str, ...]
    sequence: int = 0
    acknowledgement: int = 0
    flags: int = 0
    window: int = 0
    problems: tuple[Problem, ...] = ()
    waits: bool = False
    first_ns: int | None = None
    last_ns: int | None = None
    protocol: str = ""
    reassembled: str = ""

    @property
    def payload(self) -> bytes:
        return self.octets[self.start : self.end]


class Packets:
    """Unwraps the packets of one capture channel; holds its unfinished datagrams (fragments.py bounds them)."""

    def __init__(self) -> None:
        self._fragments = Fragments()

    def unwrap(self, octets: bytes, link_type: int, record_no: int, time_ns: int | None) -> Packet:
        """Never raises for any octets. A link type that is not in LINK_TYPES gives "other"."""
        if time_ns is not None:
            self._fragments.expire(time_ns)
        layers = walk(octets, LINK_TYPES.get(link_type, ""), LAYERS, EMPTY)
        names, problems = _summary(layers)
        whole: Whole | None = None
        buffer, reassembled = octets, ""
        for _ in range(MAX_REASSEMBLIES):
            head = layers[-1].value if layers else None
            if not isinstance(head, Ip) or not head.fragment or head.payload[0] >= head.payload[1]:
                break
            skip = HEADER_SIZES[reassembled]
            inner = self._fragments.add(
                Fragment(
                    (head.version, head.source + head.destination, head.protocol, head.identification),
                    buffer,
                    *head.payload,
                    head.offset,
                    head.more,
                    record_no,
                    time_ns,
                    whole,
                    skip,
                )
            )
            if inner is None:
                note = Problem(
                    IP_FRAGMENT, *head.payload, (head.identification,), "datagram" if reassembled else "frame"
                )
                return Packet(
                    "other",
                    host(head.source),
                    host(head.destination),
                    -1,
                    -1,
                    head.source + head.destination,
                    octets,
                    0,
                    0,
                    0,
                    b"",
                    (record_no,) if whole is None else whole.records,
                    names,
                    problems=(*problems, note),
                    waits=True,
                    first_ns=time_ns,
                    last_ns=time_ns,
                )
            whole = inner
            reassembled = "ipv4" if head.version == 4 else "ipv6"
            buffer = datagram(head, whole)
            layers = walk(buffer, reassembled, LAYERS, EMPTY, buffer="datagram")
            more_names, more_problems = _summary(layers)
            names += more_names
            problems += whole.problems + more_problems
        return _packet(layers, names, problems, buffer, whole, reassembled, record_no, time_ns)

    def given_up(self) -> list[Abandoned]:
        """Datagrams abandoned since the last call (bound, or 60 s of capture time); usually empty."""
        return self._fragments.given_up()

    def end(self) -> list[Abandoned]:
        """The capture is over: every unfinished datagram."""
        return self._fragments.end()


def first_layer(link_type: int) -> str:
    """The name in LAYERS that packets of a link type start with, "" for one that is not dissected."""
    return LINK_TYPES.get(link_type, "")


def datagram(head: Ip, whole: Whole) -> bytes:
    """The IP datagram as reassembly gives it: the first fragment's header made one of a whole datagram
    (RFC 791, 3.2; RFC 8200, 4.5), without IPv4 options and IPv6 extension headers."""
    data = whole.octets
    if head.version == 4:
        size = min(20 + len(data), 0xFFFF)
        pack = Pack("!BBHHHBBH4s4s").pack
        fields = (0x45, 0, size, head.identification, 0, 0, head.protocol)
        check = ip.checksum(pack(*fields, 0, head.source, head.destination))
        return pack(*fields, check, head.source, head.destination) + data
    fixed = Pack("!IHBB16s16s").pack(6 << 28, len(data), head.protocol, 0, head.source, head.destination)
    return fixed + data


def _summary(layers: tuple[Dissected, ...]) -> tuple[tuple[str, ...], tuple[Problem, ...]]:
    """Names and problems of all layers; ip.tunnel-depth where walk ended with layers left."""
    problems: tuple[Problem, ...] = ()
    for d in layers:
        problems += d.problems
    if len(layers) >= MAX_LAYERS:
        problems += (Problem(IP_TUNNEL, layers[-1].start, layers[-1].end, (MAX_LAYERS,)),)
    return tuple([d.layer for d in layers]), problems


def _packet(
    layers: tuple[Dissected, ...],
    names: tuple[str, ...],
    problems: tuple[Problem, ...],
    buffer: bytes,
    whole: Whole | None,
    reassembled: str,
    record_no: int,
    time_ns: int | None,
) -> Packet:
    """The innermost transport that was dissected, with the addresses of the IP header around it."""
    address: Ip | None = None
    found: Tcp | Udp | Exported | None = None
    hosts: Ip | None = None
    for d in layers:
        if isinstance(d.value, Ip):
            address = d.value
        elif isinstance(d.value, (Tcp, Udp, Exported)):
            found, hosts = d.value, address
    if found is None:
        hosts = address
    start = end = announced = 0
    if found is not None:
        start, end = found.payload
        announced = end - start
    if isinstance(found, Udp):
        announced = found.announced
    elif isinstance(found, Tcp) and hosts is not None:
        announced = max(0, hosts.payload[0] + hosts.announced - start)
    skip = HEADER_SIZES[reassembled]
    around = buffer[skip:start] + buffer[end:] if start else buffer[skip:]
    if whole is not None:
        around = whole.around + around
        times = [t for t in whole.times if t is not None]
        records, first, last = whole.records, min(times, default=None), max(times, default=None)
    else:
        records, first, last = (record_no,), time_ns, time_ns
    if isinstance(found, Exported):
        source, destination = found.source, found.destination
    else:
        source, destination = (hosts.source, hosts.destination) if hosts is not None else (b"", b"")
    tcp_value = found if isinstance(found, Tcp) else None
    return Packet(
        TRANSPORTS.get(type(found), "other"),
        host(source),
        host(destination),
        -1 if found is None else found.source_port,
        -1 if found is None else found.destination_port,
        source + destination,
        buffer,
        start,
        end,
        announced,
        around,
        records,
        names,
        0 if tcp_value is None else tcp_value.sequence,
        0 if tcp_value is None else tcp_value.acknowledgement,
        0 if tcp_value is None else tcp_value.flags,
        0 if tcp_value is None else tcp_value.window,
        problems,
        False,
        first,
        last,
        found.protocol if isinstance(found, Exported) else "",
        reassembled,
    )
