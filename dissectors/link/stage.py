"""The link stage: Records become Frames, in order, every octet in exactly one.

    Records ─ unwrap (Ethernet … UDP, TCP) ─ conversation ─ framer ─ link state ─→ Frames

Network packets of known flows with plain headers take one fused call (fuse.py) instead of a walk
through the layers; a property test holds both equal. Serial lines, text logs and exported PDUs feed
their octets to a conversation directly.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence

from msgspec.structs import replace

from dissectors import problem as P
from dissectors.field import group
from dissectors.fuse import fuse
from dissectors.link import ethernet, ip, remarks, tcp, udp, wrapper
from dissectors.link.conversation import PORT, TO_CLIENT, TO_SERVER, UNKNOWN, Choice, Conversation, Way
from dissectors.link.fragments import Abandoned
from dissectors.link.framing import Chunk, Unit
from dissectors.link.packets import Packet, Packets, first_layer
from dissectors.link.serial_lines import NOWHERE, SERIAL_LINKS, UNUSUAL, SerialLines
from dissectors.link.stream import ACK, FIN, RST, SYN, Event, Half
from dissectors.problem import Problem
from dissectors.profile import Profile
from dissectors.record import Channel, Flag, Frame, Path, Record
from dissectors.tags import TAGS

MAX_CONVERSATIONS = 200_000
KEPT_ENDED = 256  # TCP connections kept after their end
NEVER = -(1 << 63)
ETHERNET_LINK = 1

OFFLOADED = b"\0\0"  # a header checksum that the network adapter fills in later
PLAIN4: dict[str, int | tuple[int, int]] = {"ipv4.version": 0x45, "ipv4.fragment": (0, 0x3FFF)}
TYPE = group("!H", ethernet.TYPE)
UDP_CHAIN = fuse(
    (ethernet.ADDRESSES, (), {}),
    (TYPE, (), {"ethernet.type": 0x0800}),
    (ip.HEADER4, (ip.LENGTH4, ip.SOURCE4, ip.DESTINATION4), {**PLAIN4, "ipv4.protocol": 17}),
    (udp.HEADER, (udp.SOURCE, udp.DESTINATION, udp.LENGTH), {}),
    (wrapper.HEADER, (wrapper.SOURCE, wrapper.DESTINATION, wrapper.LENGTH), {"wrapper.version": 1}),
)
TCP_CHAIN = fuse(
    (ethernet.ADDRESSES, (), {}),
    (TYPE, (), {"ethernet.type": 0x0800}),
    (ip.HEADER4, (ip.LENGTH4, ip.SOURCE4, ip.DESTINATION4), {**PLAIN4, "ipv4.protocol": 6}),
    (tcp.HEADER, (tcp.SOURCE, tcp.DESTINATION, tcp.SEQUENCE, tcp.ACKNOWLEDGEMENT, tcp.OFFSET, tcp.FLAGS), {}),
)


class LinkStage:
    """`frames(records)` is the stage; `conversations` what it found. channels may grow meanwhile."""

    def __init__(self, channels: Sequence[Channel], profiles: Iterable[Profile], carrier: str | None = None) -> None:
        self.channels = channels
        self.carrier = carrier
        self.choice = Choice(profiles)
        self.conversations: dict[int, Conversation] = {}  # by number; ended TCP connections go after a while
        self._count = 0
        self._ended: deque[Way] = deque()
        self._ways: dict[tuple[bytes, bytes, int, int, str], Way] = {}
        self._quick_udp: dict[tuple[bytes, bytes, int, int], Way] = {}
        self._quick_tcp: dict[tuple[bytes, bytes, int, int], Way] = {}
        self._packets: dict[int, Packets] = {}
        self._no = 0
        self._lines = SerialLines(channels, self._converse, self._next)
        self._clock: tuple[Problem, ...] = ()  # what the next frame is to say of the capture's clock
        self.last_ns: int | None = None  # of the record read last

    def frames(self, records: Iterable[Record]) -> Iterator[Frame]:
        """Frames in the order in which they become complete; `no` counts them from 1."""
        channels = self.channels
        quick_udp, quick_tcp, quick_hdlc = self._quick_udp.get, self._quick_tcp.get, self._lines.quick.get
        udp_unpack, udp_size, udp_mask, udp_pattern = UDP_CHAIN.unpack_from, *UDP_CHAIN[:1], *UDP_CHAIN[2:]
        tcp_unpack, tcp_size, tcp_mask, tcp_pattern = TCP_CHAIN.unpack_from, *TCP_CHAIN[:1], *TCP_CHAIN[2:]
        number = int.from_bytes
        links: list[int] = []
        latest: list[int] = []  # by channel: when its last record began
        clocked = False
        for r in records:
            self.last_ns = r.last_ns
            channel = r.channel
            try:
                link = links[channel]
            except IndexError:
                links = [each.link_type for each in channels]
                latest += [NEVER] * (len(links) - len(latest))
                link = links[channel]
            begun = r.first_ns
            if begun is not None:
                if begun < latest[channel]:
                    self._back(r, latest[channel])
                    clocked = bool(self._clock)
                latest[channel] = begun
            if clocked or r.comment is not None:
                yield from self._clocked(r, link)
                clocked = bool(self._clock)
                continue
            if link == ETHERNET_LINK:
                o = r.octets
                head = number(o[:udp_size], "big")
                if head & udp_mask == udp_pattern and len(o) >= udp_size:
                    length, host, peer, sp, dp, size, source, destination, n = udp_unpack(o)
                    way = quick_udp((host, peer, sp, dp))
                    end = udp_size + n
                    if (
                        way is not None
                        and length == size + 20
                        and size == n + 16
                        and end == len(o)
                        and n
                        and o[50] in TAGS
                        and (not number(o[14:34], "big") % 0xFFFF or o[24:26] == OFFLOADED)  # checksum right or unset
                    ):
                        problems = way.known.get((source, destination))
                        if problems is not None and not r.flags:
                            self._no = no = self._no + 1
                            yield Frame(
                                no, (r.no,), r.channel, way.path, way.profile, way.direction, r.first_ns, r.last_ns,
                                r.uncertainty_ns, "wrapper", "wrapper", source, destination, o[42:], o[:42], o[50:],
                                None, problems,
                            )  # fmt: skip
                            continue
                elif len(o) >= tcp_size and number(o[:tcp_size], "big") & tcp_mask == tcp_pattern:
                    length, host, peer, sp, dp, seq, ack, offset, flags = tcp_unpack(o)
                    way = quick_tcp((host, peer, sp, dp))
                    start = 34 + (offset >> 4) * 4
                    end = 14 + length
                    if (
                        way is not None
                        and 54 <= start <= end <= len(o)
                        and not flags & 7
                        and not r.flags
                        and (not number(o[14:34], "big") % 0xFFFF or o[24:26] == OFFLOADED)
                    ):
                        half = way.half
                        assert half is not None and way.back is not None
                        data = o[start:end]
                        carrier = o[:start] + o[end:] if end < len(o) else o[:start]
                        events = half.feed(seq, flags, data, (r, carrier))
                        back = way.back.half
                        if flags & ACK and back is not None and back.waiting:
                            yield from self._events(way.back, back.acknowledge(ack), r)
                        if events is None:
                            if not data:
                                self._no = no = self._no + 1
                                yield Frame(
                                    no, (r.no,), r.channel, way.path, way.profile, way.direction, r.first_ns,
                                    r.last_ns, r.uncertainty_ns, "tcp", "tcp.ack", -1, -1, o,
                                )  # fmt: skip
                                continue
                            wrapped = way.wrapper
                            ports = wrapped.whole(data) if wrapped is not None and way.direction != UNKNOWN else None
                            if ports is None:
                                yield from self._deliver(way, data, r, carrier)
                                continue
                            problems = way.known.get(ports)
                            if problems is None:
                                problems = way.conversation.sap_problems(way, *ports)
                            self._no = no = self._no + 1
                            yield Frame(
                                no, (r.no,), r.channel, way.path, way.profile, way.direction, r.first_ns, r.last_ns,
                                r.uncertainty_ns, "wrapper", "wrapper", ports[0], ports[1], data, carrier, data[8:],
                                None, problems,
                            )  # fmt: skip
                        else:
                            if not data:
                                yield self._bare(way, o, r, events, ())
                            yield from self._events(way, events, r)
                        continue
            elif not r.flags & UNUSUAL and not r.lost:
                line = quick_hdlc(channel * 4 + r.direction)
                if line is not None:
                    frame = line.frame(self._no + 1, r)
                    if frame is not None:
                        self._no += 1
                        yield frame
                        continue
            yield from self._record(r, link)
        yield from self._end()

    # -- one record, the complete path -------------------------------------------------------------

    def _record(self, r: Record, link: int) -> Iterator[Frame]:
        if first_layer(link):
            yield from self._packet(r, link)
        elif link in SERIAL_LINKS:
            yield from self._lines.frames(r)
        else:
            problem = Problem(P.CAPTURE_LINKTYPE, 0, len(r.octets), (link, link_words(link)))
            yield self._other(r, (problem,))

    def _packet(self, r: Record, link: int) -> Iterator[Frame]:
        packets = self._packets.get(r.channel)
        if packets is None:
            packets = self._packets[r.channel] = Packets()
        p = packets.unwrap(r.octets, link, r.no, r.first_ns)
        if r.flags & Flag.TRUNCATED:
            note = Problem(P.CAPTURE_TRUNCATED, 0, len(r.octets), (len(r.octets),))
            p = replace(p, problems=(note, *p.problems))
        for gone in packets.given_up():
            yield from self._abandoned(gone, r)
        if p.waits:
            return
        if p.transport == "udp":
            yield from self._udp(p, r)
        elif p.transport == "tcp":
            yield from self._tcp(p, r, link)
        elif p.transport == "exported":
            way = self._way(p, r.channel)
            chunk = Chunk(p.payload, r.no, r.first_ns, r.last_ns, r.uncertainty_ns, p.carrier)
            yield from self._frames(way.conversation.feed(way, chunk), r.channel, way.direction)
        else:
            yield self._other(r, p.problems, p)

    def _udp(self, p: Packet, r: Record) -> Iterator[Frame]:
        way = self._way(p, r.channel)
        chunk = self._chunk(p, r)
        if not chunk.octets:
            yield self._whole(way, p, r, "udp", "other", p.problems)
            return
        frames = self._frames(way.conversation.feed(way, chunk), r.channel, UNKNOWN, p.problems)
        if len(p.records) > 1:  # fragments: the first frame of the datagram names them all
            first = next(frames, None)
            if first is not None:
                yield replace(first, records=p.records)
        yield from frames
        if way.wrapped and p.layers == ("ethernet", "ipv4", "udp") and way.direction != UNKNOWN:
            host = p.hosts
            self._quick_udp[host[:4], host[4:], p.source_port, p.destination_port] = way

    def _tcp(self, p: Packet, r: Record, link: int) -> Iterator[Frame]:
        way = self._way(p, r.channel)
        back = way.back
        assert back is not None
        for each in (way, back):
            if each.half is None:
                each.half = Half()
        half, other = way.half, back.half
        assert half is not None and other is not None
        flags = p.flags
        if flags & SYN:
            way.over = back.over = False
            way.conversation.orient(way, TO_CLIENT if flags & ACK else TO_SERVER, False)
        carrier = p.carrier
        events = half.feed(p.sequence, flags, p.payload, (r, carrier))
        if flags & ACK and other.waiting:
            yield from self._events(back, other.acknowledge(p.acknowledgement), r)
        if flags & (SYN | FIN | RST):
            kind = "tcp.rst" if flags & RST else "tcp.fin" if flags & FIN else "tcp.syn"
            if not p.payload:
                yield self._whole(way, p, r, "tcp", kind, p.problems)
                yield from self._events(way, events, r)
                if flags & (FIN | RST):
                    yield from self._over(way, r, flags)
                return
        if events is None:
            if p.payload:
                yield from self._deliver(way, p.payload, r, carrier, p.problems)
            else:
                yield self._whole(way, p, r, "tcp", "tcp.ack", p.problems)
        else:
            if not p.payload:
                octets = p.carrier if len(p.records) > 1 else r.octets
                yield self._bare(way, octets, r, events, p.problems)
            yield from self._events(way, events, r, p.problems)
        if flags & (FIN | RST):  # it came with data: the end of the connection is a row of its own
            yield self._frame(way, r, "tcp", "tcp.rst" if flags & RST else "tcp.fin", b"", (), b"")
            yield from self._over(way, r, flags)
        if link == ETHERNET_LINK and p.layers == ("ethernet", "ipv4", "tcp"):
            host = p.hosts
            key = (host[:4], host[4:], p.source_port, p.destination_port)
            if way.conversation.carrier is not None:
                self._quick_tcp[key] = way

    def _bare(self, way: Way, octets: bytes, r: Record, events: list[Event], problems: tuple[Problem, ...]) -> Frame:
        """A segment without data that has something to say of the stream: an ACK or a keep-alive."""
        repeated = tuple(x for e in events for x in e.problems if e.kind == "repeat")
        kind = "tcp.keep-alive" if any(x.kind is P.TCP_KEEPALIVE for x in repeated) else "tcp.ack"
        return self._frame(way, r, "tcp", kind, octets, problems + repeated, b"")

    def _deliver(
        self, way: Way, data: bytes, r: Record, carrier: bytes, problems: tuple[Problem, ...] = ()
    ) -> Iterator[Frame]:
        chunk = Chunk(data, r.no, r.first_ns, r.last_ns, r.uncertainty_ns, carrier)
        yield from self._frames(way.conversation.settle(way), r.channel, UNKNOWN)
        yield from self._frames(way.conversation.feed(way, chunk), r.channel, UNKNOWN, problems)

    def _events(
        self, way: Way, events: list[Event] | None, r: Record, problems: tuple[Problem, ...] = ()
    ) -> Iterator[Frame]:
        """What the stream of one way says: octets in order, repeated, missing, the end."""
        used: set[int] = set()  # records whose carrier was given out
        for e in events or ():
            if e.kind == "deliver":
                record, carrier = e.token
                if record.no in used:
                    carrier = b""
                used.add(record.no)
                yield from self._deliver(way, e.octets, record, carrier, problems + e.problems)
            elif e.kind == "repeat":
                record, carrier = e.token
                if not e.octets:
                    continue
                if record.no in used:
                    carrier = b""
                used.add(record.no)
                keep = any(x.kind is P.TCP_KEEPALIVE for x in e.problems)
                yield self._frame(
                    way,
                    record,
                    "tcp",
                    "tcp.keep-alive" if keep else "tcp.retransmission",
                    e.octets,
                    problems + e.problems,
                    carrier,
                )
            elif e.kind == "restart":
                if way.framer is not None:
                    yield from self._frames([(way, unit) for unit in way.framer.end()], r.channel, UNKNOWN)
            elif e.kind == "lose":
                yield from self._frames(way.conversation.lose(way, e.lost), r.channel, UNKNOWN)
                yield self._frame(way, r, "tcp", "tcp.gap", b"", e.problems, b"")

    # -- the capture's clock -----------------------------------------------------------------------

    def _clocked(self, r: Record, link: int) -> Iterator[Frame]:
        """A record with a comment, or after the clock did something: the next frame says it."""
        seconds = remarks.clock_step(r.comment) if r.comment is not None else None
        if seconds is not None:
            self._clock += (Problem(P.CAPTURE_CLOCK_STEP, args=(seconds,)),)
        for frame in self._record(r, link):
            yield _with(frame, self._clock) if self._clock else frame
            self._clock = ()

    def _back(self, r: Record, before: int) -> None:
        """A record that ends before the one before it on its channel began, by more than both may be off."""
        back = before - r.last_ns if r.last_ns is not None else 0
        if back > 2 * (r.uncertainty_ns or self.channels[r.channel].resolution_ns):
            self._clock += (Problem(P.CAPTURE_CLOCK, args=(back,)),)

    def swap(self, channel: int) -> None:
        """The user says that the directions of this channel's line are the other way round, from the next record on."""
        self._lines.swap(channel)

    # -- conversations -------------------------------------------------------------------------------

    def _converse(
        self, transport: str, source: str | None = None, destination: str | None = None, profile: str = ""
    ) -> Conversation:
        """profile: what the recording says that the channel carries; one that is not in force says nothing."""
        choice = self.choice.only(profile) if profile else self.choice
        c = Conversation(self._count, transport, choice, source, destination, self.carrier)
        self.conversations[self._count] = c
        self._count += 1
        return c

    def _way(self, p: Packet, channel: int) -> Way:
        half = len(p.hosts) // 2
        host, peer = p.hosts[:half], p.hosts[half:]
        key = (host, peer, p.source_port, p.destination_port, p.transport)
        way = self._ways.get(key)
        if way is None:
            if len(self._ways) > 2 * MAX_CONVERSATIONS:
                self._ways.clear()
                self._quick_udp.clear()
                self._quick_tcp.clear()
            there, back_there = endpoint(p.source, p.source_port), endpoint(p.destination, p.destination_port)
            c = self._converse(p.transport, there, back_there, self.channels[channel].profile)
            way, back = c.ways
            way.key, back.key = key, (peer, host, p.destination_port, p.source_port, p.transport)
            self._ways[key] = way
            self._ways[back.key] = back
            if p.destination_port == PORT and p.source_port != PORT:
                c.orient(way, TO_SERVER, False)
            elif p.source_port == PORT and p.destination_port != PORT:
                c.orient(way, TO_CLIENT, False)
        return way

    # -- frames --------------------------------------------------------------------------------------

    def _next(self) -> int:
        """The number of the next frame."""
        self._no += 1
        return self._no

    def _frames(
        self,
        units: list[tuple[Way, Unit]],
        channel: int,
        direction: int,
        problems: tuple[Problem, ...] = (),
    ) -> Iterator[Frame]:
        for way, unit in units:
            self._no = no = self._no + 1
            frame = way.conversation.frame(no, way, unit, channel, direction)
            if problems:
                frame = _with(frame, problems)
                problems = ()
            yield frame

    def _chunk(self, p: Packet, r: Record) -> Chunk:
        first = r.first_ns if p.first_ns is None else p.first_ns
        return Chunk(p.payload, p.records[0] if p.records else r.no, first, r.last_ns, r.uncertainty_ns, p.carrier)

    def _frame(
        self, way: Way, r: Record, layer: str, kind: str, octets: bytes, problems: tuple[Problem, ...], carrier: bytes
    ) -> Frame:
        self._no += 1
        return Frame(
            self._no, (r.no,), r.channel, way.path, way.profile, way.direction, r.first_ns, r.last_ns,
            r.uncertainty_ns, layer, kind, -1, -1, octets, carrier, problems=problems,
        )  # fmt: skip

    def _whole(self, way: Way, p: Packet, r: Record, layer: str, kind: str, problems: tuple[Problem, ...]) -> Frame:
        """A packet that carries no protocol unit, as it is."""
        octets = p.carrier if len(p.records) > 1 else r.octets
        frame = self._frame(way, r, layer, kind, octets, problems, b"")
        return _records(frame, p.records) if len(p.records) > 1 else frame

    def _other(self, r: Record, problems: tuple[Problem, ...], p: Packet | None = None) -> Frame:
        self._no += 1
        path = NOWHERE if p is None or not p.source else Path(0, "other", p.source, p.destination)
        octets = r.octets
        records: tuple[int, ...] = (r.no,)
        if p is not None and len(p.records) > 1:
            octets, records = p.carrier + p.payload, p.records
        return Frame(
            self._no, records, r.channel, path, "", UNKNOWN, r.first_ns, r.last_ns, r.uncertainty_ns, "other",
            "other", -1, -1, octets, problems=problems,
        )  # fmt: skip

    def _abandoned(self, gone: Abandoned, r: Record) -> Iterator[Frame]:
        for record, time, octets in zip(gone.records, gone.times, gone.packets, strict=True):
            self._no += 1
            yield Frame(
                self._no, (record,), r.channel, NOWHERE, "", UNKNOWN, time, time, r.uncertainty_ns, "ip",
                "ip.fragment", -1, -1, octets, problems=gone.problems,
            )  # fmt: skip

    def _end(self) -> Iterator[Frame]:
        """The capture is over: streams, framers and fragments give out what they hold."""
        last = Record(0, 0, UNKNOWN, None, None, None, b"")
        for channel, packets in self._packets.items():
            for gone in packets.end():
                yield from self._abandoned(gone, Record(0, channel, UNKNOWN, None, None, None, b""))
        for conversation in self.conversations.values():
            if conversation.transport in ("serial", "text"):
                yield from self._lines.end(conversation)
            else:
                yield from self._finish(conversation, last)

    def _finish(self, conversation: Conversation, r: Record) -> Iterator[Frame]:
        """What a conversation of packets still holds."""
        for way in conversation.ways:
            if way.half is not None:
                yield from self._events(way, [e for e in way.half.end() if e.kind != "end"], r)
        yield from self._frames(conversation.end(), r.channel, UNKNOWN)

    def _over(self, way: Way, r: Record, flags: int) -> Iterator[Frame]:
        """A FIN or RST: the connection is let go once KEPT_ENDED others have ended after it, so that its last
        acknowledgements still find it and memory stays flat."""
        way.over = True
        back = way.back
        if not (flags & RST or (back is not None and back.over)):
            return
        self._ended.append(way)
        if len(self._ended) <= KEPT_ENDED:
            return
        old = self._ended.popleft()
        if not old.over or self.conversations.pop(old.conversation.number, None) is None:
            return  # its ports were used again
        yield from self._finish(old.conversation, r)
        for each in old.conversation.ways:
            self._ways.pop(each.key, None)
            self._quick_tcp.pop(each.key[:4], None)


def endpoint(host: str, port: int) -> str | None:
    """ "10.0.0.1:4059", "[2001:db8::1]:4059"; None without a host."""
    if not host:
        return None
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def link_words(link: int) -> str:
    """What a link type is that we name but do not dissect."""
    known = {189: "USB with Linux header", 220: "USB with padded Linux header", 249: "USBPcap", 105: "IEEE 802.11"}
    return known.get(link, "not known")


def _with(frame: Frame, problems: tuple[Problem, ...]) -> Frame:
    return replace(frame, problems=problems + frame.problems)


def _records(frame: Frame, records: tuple[int, ...]) -> Frame:
    return replace(frame, records=records)
