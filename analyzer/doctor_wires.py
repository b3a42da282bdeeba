"""Checks of who is heard: half of a line, swapped receivers, damaged echoes, addresses and meters that never answer."""

from collections import Counter, defaultdict
from difflib import SequenceMatcher
from itertools import pairwise
from typing import Final

from analyzer.doctor_facts import Diagnosis, Facts
from dissectors import problem as P
from dissectors.link.hdlc import ALL_STATION, NO_STATION, Address, Hdlc
from dissectors.record import Direction, Frame

TO_SERVER, TO_CLIENT, UNKNOWN = int(Direction.TO_SERVER), int(Direction.TO_CLIENT), int(Direction.UNKNOWN)
ECHO_NS: Final = 300_000_000  # an echo comes while or right after the frame is sent
ALIKE: Final = 0.75  # of the octets of a damaged echo
FEW: Final = 3  # frames from which a side that is not heard says something
LOOK: Final = 2000  # pairs that are compared


def _told(frames: list[Frame]) -> list[Frame]:
    """Good HDLC frames that are no echoes."""
    return [
        f for f in frames
        if isinstance(f.value, Hdlc) and f.value.good and not any(p.kind is P.HDLC_ECHO for p in f.problems)
    ]  # fmt: skip


def _line(facts: Facts) -> list[Frame]:
    """The good frames of a line, of all its wires, in order."""
    return sorted(_told([f for each in facts.partners for f in each.frames]), key=lambda f: f.no)


def half(facts: Facts) -> list[Diagnosis]:
    """Code line.half: frames of one side only, although they show that the other side talks."""
    if not facts.serial or facts is not facts.partners[0]:
        return []
    frames = _line(facts)
    sides = Counter(f.value.direction for f in frames if f.value.direction_certain)
    noise = sum(each.noise_octets for each in facts.partners)
    good = sum(each.good_octets for each in facts.partners)
    up, down = sides[TO_SERVER], sides[TO_CLIENT]
    if up + down < FEW or noise * 4 > good:
        return []
    if down >= FEW and not up:
        answers = [f for f in frames if f.kind in ("UA", "I", "RR", "DM")]
        if len(answers) < FEW:
            return []  # pushes: nobody asks
        evidence = (f"{down} frames of the server, none of a client", f"{len(answers)} of them are answers")
        missing = "client"
    elif up >= FEW and not down:
        going_on = sum(
            a.value.ns != b.value.ns or a.value.nr != b.value.nr
            for a, b in pairwise(f for f in frames if f.kind == "I")
            if a.value.addresses == b.value.addresses
        )
        links = sum(f.kind == "SNRM" and g.kind == "I" for f, g in pairwise(frames))
        if going_on + links < 2:
            return []  # it repeats itself: nobody answers
        evidence = (
            f"{up} frames of a client, none of the server",
            f"its sequence numbers go on {going_on} times, {links} SNRM are followed by an I frame: it gets answers",
        )
        missing = "server"
    else:
        return []
    advice = (
        f"tap the {missing}'s wire too: a second receiver (serial:PORT1,PORT2), on RS-485 both A and B, on an optical "
        f"head the other diode"
    )
    title = f"half of the line: the {missing} is not heard"
    return [Diagnosis("line.half", title, 92, evidence, facts.records_of(frames), advice)]


def swapped(facts: Facts) -> list[Diagnosis]:
    """Code line.swapped: the tap says the other direction than the frames do."""
    if not facts.serial:
        return []
    direction = {r.no: r.direction for r in facts.records}
    pairs = [
        (f, direction.get(f.records[0], UNKNOWN))
        for f in _told(facts.frames)
        if f.value.direction_certain and f.value.direction != UNKNOWN
    ]
    pairs = [(f, told) for f, told in pairs if told != UNKNOWN]
    against = [f for f, told in pairs if told != f.value.direction]
    if len(against) < FEW or len(against) < 0.8 * len(pairs):
        return []
    kinds = Counter(f.kind for f in against)
    evidence = (
        f"{len(against)} of {len(pairs)} frames come from the other side than the tap says",
        "among them " + ", ".join(f"{n} {kind}" for kind, n in kinds.most_common(4)),
    )
    advice = (
        "exchange the two receivers, or name them in the other order (serial:PORT2,PORT1: the first hears the client)"
    )
    title = "swapped pair: client and server are exchanged"
    return [Diagnosis("line.swapped", title, 95, evidence, facts.records_of(against), advice)]


def echo(facts: Facts) -> list[Diagnosis]:
    """Code line.echo: a sent frame is heard again with octets lost, doubled or changed."""
    if not facts.serial:
        return []
    found: list[tuple[Frame, Frame]] = []
    last: Frame | None = None
    for f in facts.frames[: LOOK * 4]:
        if f.layer == "hdlc" and f.value is not None and f.value.good:
            last = f
        elif last is not None and f.layer == "line" and f.kind == "echo":  # the link stage knew it
            found.append((last, f))
            last = None
        elif last is not None and f.layer in ("noise", "hdlc") and len(f.octets) >= 6 and _soon(last, f):
            size = len(last.octets)
            if abs(len(f.octets) - size) <= max(2, size // 4) and _alike(last.octets, f.octets):
                found.append((last, f))
                last = None
    requests = sum(f.value.direction == TO_SERVER for f in _told(facts.frames))
    if len(found) < 2 or len(found) * 4 < requests:
        return []
    sizes = Counter(
        "lost" if len(b.octets) < len(a.octets) else "doubled" if len(b.octets) > len(a.octets) else "changed"
        for a, b in found
    )
    evidence = (
        f"{len(found)} of {requests} requests are followed by almost the same octets",
        "octets are " + ", ".join(f"{words} in {n}" for words, n in sizes.most_common()),
    )
    advice = (
        "the tap hears the echo of what is sent (optical head, two-wire RS-485): shade or align the head, switch the "
        "receiver off while sending, or tap behind the transceiver; good echoes are recognised, these are damaged"
    )
    return [
        Diagnosis(
            "line.echo", "damaged echo of the own frames", 88, evidence, facts.records_of(b for _, b in found), advice
        )
    ]


def _soon(sent: Frame, heard: Frame) -> bool:
    return sent.last_ns is None or heard.first_ns is None or heard.first_ns - sent.last_ns < ECHO_NS


def _alike(sent: bytes, heard: bytes) -> bool:
    return SequenceMatcher(None, sent, heard, autojunk=False).ratio() > ALIKE


# -- addresses ------------------------------------------------------------------------------------------------


def _name(address: Address) -> str:
    n = len(address.octets)
    words = "octet" if n == 1 else "octets"
    return f"{address.upper}/{address.lower} ({n} {words})" if address.lower >= 0 else f"{address.upper} ({n} {words})"


def address(facts: Facts) -> list[Diagnosis]:
    """Code hdlc.address: SNRM to server addresses that never answer. Lists all addresses asked and answering."""
    if facts is not facts.partners[0] or any(each.lost for each in facts.partners):
        return []
    frames = _line(facts)
    asked: dict[Address, list[Frame]] = defaultdict(list)
    answering: Counter[Address] = Counter()
    other = False
    for f in frames:
        if f.value.direction == TO_CLIENT and f.value.direction_certain:
            answering[f.value.source] += 1
        elif f.kind == "SNRM":
            asked[f.value.destination].append(f)
        elif f.value.direction == TO_SERVER:
            other = True
    if other and not answering:
        return []  # the other half of the line is missing
    lower_known = {a.lower for a in answering}
    silent = {
        a: sent
        for a, sent in asked.items()
        if len(sent) >= 2
        and a not in answering
        and not _group(a)
        and a.lower not in lower_known
        and (a.lower >= 0 or not answering)
    }
    if not silent:
        return []
    evidence = [f"{len(sent)} SNRM to {_name(a)}, no answer" for a, sent in silent.items()]
    heard = ", ".join(f"{_name(a)}: {n} frames" for a, n in answering.most_common(8))
    evidence.append(f"answering: {heard}" if heard else "no server answers at any address")
    lengths = sorted({len(a.octets) for a in asked})
    evidence.append(f"address forms tried: {', '.join(map(str, lengths))} octets")
    missing = [n for n in (1, 2, 4) if n not in lengths]
    advice = "ask the address that answers" if heard else (
        "the lower address is often the last digits of the serial number, modulo 10000 plus 1000, or 16 or 17"
    )  # fmt: skip
    if not heard and missing:
        advice += f"; try the forms of {' and '.join(map(str, missing))} octets too"
    if not heard:
        every = f"0x{ALL_STATION[1]:02X} or 0x{ALL_STATION[4]:04X}"
        advice += f"; lower address {every} (all stations) finds a single meter; check power and baud rate"
    title = "wrong HDLC lower address: SNRM is never answered"
    return [Diagnosis(
        "hdlc.address", title, 85 if heard else 70, tuple(evidence),
        facts.records_of(f for sent in silent.values() for f in sent), advice,
    )]  # fmt: skip


def _group(a: Address) -> bool:
    every = ALL_STATION.get(len(a.octets), -1)
    return every in (a.upper, a.lower) or a.upper == NO_STATION


def unanswered(facts: Facts) -> list[Diagnosis]:
    """Code meter.silent: requests, and not one answer to any of them."""
    if facts is not facts.partners[0]:
        return []
    if any(each.lost for each in facts.partners):
        return []  # what was not understood may be the answers
    exchanges = [e for each in facts.partners for e in each.exchanges if e.request and not e.responses]
    answered = any(e.responses for each in facts.partners for e in each.exchanges)
    frames = _line(facts) if facts.serial else []
    snrm = [f for f in frames if f.kind == "SNRM"]
    heard = any(f.value.direction == TO_CLIENT for f in frames) or any(
        f.direction == TO_CLIENT
        for each in facts.partners
        for f in each.frames
        if f.layer in ("wrapper", "apdu", "hdlc")
    )
    asked = [e for e in exchanges if e.service not in ("data-notification", "event-notification")]
    if answered or heard or len(asked) + len(snrm) < 2 or half(facts) or address(facts):
        return []
    evidence = (f"{len(asked) + len(snrm)} requests, no answer to any", "no frame of a server in the whole capture")
    numbers = [n for e in asked for n in e.frames if n]
    records = facts.records_of([*snrm, *(f for each in facts.partners for n in numbers if (f := each.by_no.get(n)))])
    advice = (
        "meter off, not connected, at another address or baud rate; or its wire is not tapped (second receiver)"
        if facts.serial
        else "meter off or not reachable, wrong wPort or client; or the capture filter drops the way back"
    )
    return [Diagnosis("meter.silent", "silent device: no request is answered", 75, evidence, records, advice)]
