"""Checks of a serial line without reading it again: parity where it was not expected, and nothing to decode at all."""

from itertools import pairwise

from analyzer.doctor_facts import PAUSE_NS, Diagnosis, Facts, Stream
from analyzer.doctor_line import FEW, RATES
from dissectors.record import Flag


def parity(facts: Facts) -> list[Diagnosis]:
    """Code line.format: a parity bit where the tap expects the stop bit, or in bit 7."""
    if not facts.serial:
        return []
    for stream in facts.streams:
        found = _stop_bits(facts, stream) or (_bit_7(stream) if not facts.frames_good else None)
        if found is not None:
            return [found]
    return []


def _stop_bits(facts: Facts, stream: Stream) -> Diagnosis | None:
    """Framing errors exactly at the octets whose parity bit would be 0."""
    if not stream.single or not facts.frames_good:
        return None
    low = [bool(flags & Flag.FRAMING_ERROR) for *_, flags in stream.records]
    ones = [octet.bit_count() & 1 for octet in stream.octets]
    if sum(low) < 8 or not 0.02 * len(low) < sum(low) < 0.98 * len(low):
        return None
    for name, odd in (("8E1", 0), ("8O1", 1)):
        agree = sum(error == (one == odd) for error, one in zip(low, ones, strict=True))
        if agree >= 0.97 * len(low):
            words = f"{agree} of {len(low)} octets have a framing error exactly where the parity bit of {name} is 0"
            return Diagnosis(
                "line.format", f"wrong format: the line talks {name}, the tap listened 8N1", 95, (words,),
                stream.numbers(), f"open the tap as {name} (serial:PORT?format={name})",
            )  # fmt: skip
    return None


def _bit_7(stream: Stream) -> Diagnosis | None:
    """Seven-bit text with its parity in bit 7."""
    octets = stream.octets
    if len(octets) < FEW or max(octets) < 0x80:
        return None
    text = sum(0x20 <= octet & 0x7F < 0x7F or octet & 0x7F in b"\r\n\t\x01\x02\x03\x04\x06" for octet in octets)
    for name, odd in (("7E1", 0), ("7O1", 1)):
        right = sum(octet.bit_count() & 1 == odd for octet in octets)
        if right >= 0.97 * len(octets) and text >= 0.95 * len(octets):
            evidence = (
                f"bit 7 makes the parity of {name} right in {right} of {len(octets)} octets, {text} are text below"
            )
            return Diagnosis(
                "line.format", f"seven-bit text with parity ({name}), heard as 8N1", 90, (evidence,),
                stream.numbers(), f"state it: --assume format={name} (a live tap: serial:PORT?format={name})",
            )  # fmt: skip
    return None


def silence(facts: Facts) -> list[Diagnosis]:
    """Codes line.silent, line.breaks, line.noise: there is nothing on this channel that could decode."""
    records = tuple(r.no for r in facts.records)
    if not facts.octets and not facts.flags[Flag.BREAK]:
        other = any(each.octets for each in facts.partners)
        words = f"no octet in {len(records)} records" if records else "no record at all"
        if facts.channel.link_type not in (1,) and not facts.serial:
            return []
        advice = "check power, plug and TX/RX of the tap; is the right port or interface named?"
        if not facts.serial:
            advice = "check the interface and the capture filter (for example: port 4059)"
        if other:
            advice = "only the other wire talks: " + advice
        return [Diagnosis("line.silent", "nothing was heard", 95, (words,), records, advice)]
    if not facts.serial:
        return []
    held = sum(octet == 0 for s in facts.streams for octet in s.octets)
    size = sum(len(s.octets) for s in facts.streams)
    if held == size and (size or facts.flags[Flag.BREAK]):
        return [_slow_line(facts) or _breaks(facts, size)]
    alone = sum(len(burst) <= 2 for s in facts.streams for burst in s.bursts())
    bursts = sum(len(s.starts) for s in facts.streams)
    if not facts.frames_good and bursts >= 5 and alone >= 0.9 * bursts:
        words = f"{alone} of {bursts} bursts are of one or two octets"
        advice = "an open input or a line without bias picks this up: connect ground and both wires, terminate RS-485"
        return [Diagnosis("line.noise", "only noise: single octets after pauses", 70, (words,), records, advice)]
    return []


def _breaks(facts: Facts, size: int) -> Diagnosis:
    words = f"{facts.flags[Flag.BREAK]} breaks and {size} octets, all of them 00"
    advice = (
        "inverted or not driven: swap A and B of RS-485, check ground, bias and polarity; a tap that is 12 times too "
        "fast or more sees the same: try baud=300 and baud=600"
    )
    title = "only breaks: the line is low for longer than a character"
    return Diagnosis("line.breaks", title, 80, (words,), tuple(r.no for r in facts.records), advice)


def _slow_line(facts: Facts) -> Diagnosis | None:
    """Breaks of a line that is many times slower than the tap: they begin at whole bits of the line."""
    for stream in facts.streams:
        times = stream.heard().times or ()
        gaps = [b - a for a, b in pairwise(times) if b - a < PAUSE_NS * 4]
        if len(gaps) < FEW:
            continue
        for rate in sorted(RATES):
            bit_ns = 1e9 / rate
            whole = [gap for gap in gaps if abs(gap - round(gap / bit_ns) * bit_ns) < 0.08 * bit_ns and gap > bit_ns]
            if len(whole) >= 0.95 * len(gaps) and facts.channel.baud != rate:
                words = (
                    f"{len(whole)} of {len(gaps)} breaks begin whole bits of {rate} Bd apart ({bit_ns / 1e6:.2f} ms)"
                )
                title = f"wrong baud rate: the line talks at {rate} Bd, the tap is so fast that it hears breaks only"
                advice = f"capture again with baud={rate} (serial:PORT?baud=…)"
                return Diagnosis("line.rate", title, 85, (words,), stream.numbers(), advice)
    return None
