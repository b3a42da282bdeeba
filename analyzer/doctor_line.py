"""Checks of a serial line itself: wrong rate, polarity and format, proved by reading the octets again; and silence."""

import math
from collections import Counter
from functools import lru_cache
from typing import Final

import msgspec

from analyzer import doctor_search as search
from analyzer.doctor_content import encapsulation
from analyzer.doctor_facts import Diagnosis, Facts, Stream
from analyzer.doctor_search import TWIST, Heard
from analyzer.doctor_wave import E7, E8, N8, O7, O8, TIGHT, UNIT, Hearing, Receiver
from dissectors.link.hdlc import FLAG
from dissectors.link.sign_on import RATES as STANDARD_RATES
from dissectors.record import Flag

RATES: Final = (*STANDARD_RATES, 7200, 14400, 28800)
RATIOS: Final = (1 / 2, 1 / 4, 1 / 8, 2 / 3, 1 / 3, 1 / 6, 1 / 16, 2.0, 4.0, 8.0, 3 / 2, 3.0, 6.0)
NEAR: Final = (1.06, 0.94, 1.07, 0.93, 1.05, 0.95)  # clocks that are off
SAME: Final = 0.03  # rates closer than this are one
LOOK: Final = 1 << 15  # octets of a stream that are read again
MAX_STREAMS: Final = 3  # directions of a channel
FEW: Final = 24  # octets from which statistics speak


class Reading(msgspec.Struct):
    """How a stream reads in one hearing. kind: "proof", "values" or "openings"; score orders readings of a kind."""

    hearing: Hearing
    kind: str
    score: float
    evidence: str
    also: list[Hearing]


def misheard(facts: Facts) -> list[Diagnosis]:
    """Codes line.rate, line.inverted, line.format: the tap does not listen as the line talks; line.disturbed where it
    does and frames arrive damaged."""
    if not facts.serial or not facts.lost or encapsulation(facts):
        return []
    streams = [s for s in facts.streams if len(s.octets) >= 8 and len(set(s.octets)) > 1][:MAX_STREAMS]
    found = [(s, r) for s in streams if (r := read_again(s)) is not None]
    if not found:
        return _disturbed(facts)
    stream, reading = max(found, key=lambda each: (each[1].kind == "proof", each[1].score))
    return [_diagnosis(facts, stream, reading)]


def read_again(stream: Stream) -> Reading | None:
    """The reading that explains the octets best, None where none does."""
    heard = stream.heard()
    size = LOOK if len(heard.octets) > LOOK else len(heard.octets)
    heard = msgspec.structs.replace(
        heard,
        octets=heard.octets[:size],
        starts=tuple(at for at in heard.starts if at < size),
        times=None if heard.times is None else heard.times[:size],
    )
    ratios = _ratios(heard.baud)
    for explain in (_proved, _values, _openings):
        found = explain(heard, ratios, stream.breaks)
        if found is not None:
            return found
    return None


def _ratios(baud: int) -> list[float]:
    """Rates of the line that are tried, as multiples of the tap's."""
    out = [1.0, *NEAR]
    for ratio in (*((rate / baud for rate in RATES) if baud else ()), *RATIOS):
        if all(abs(ratio / known - 1) > SAME / 2 for known in out):
            out.append(ratio)
    return [*out[: 1 + len(NEAR)], *sorted(out[1 + len(NEAR) :], key=lambda ratio: abs(math.log(ratio)))]


def _hearings(ratios: list[float], breaks: bool) -> list[Hearing]:
    """What is tried, likely things first."""
    out = []
    for eager in (False, True):
        for inverted in (False, True):
            for ratio in ratios:
                if 0.3 < ratio < 1.12:
                    out += [Hearing(round(UNIT * ratio), line, N8, inverted, eager, breaks) for line in (N8, E8, O8)]
        out += [Hearing(UNIT, line, tap, False, eager, breaks) for tap in (E7, E8) for line in (N8, E8) if line != tap]
    return sorted(out, key=lambda h: (h.ratio != 1, h.line != N8, h.inverted, h.tap != N8))


def _proved(heard: Heard, ratios: list[float], breaks: bool) -> Reading | None:
    """Frames with right check sequences, where a control search finds none."""
    best: Reading | None = None
    plain = len(search.prove(heard, Hearing(UNIT, breaks=breaks))[0])  # frames that need no explanation
    for hearing in _hearings(ratios, breaks):
        if hearing in (Hearing(UNIT, breaks=breaks), Hearing(UNIT, eager=True, breaks=breaks)):
            continue
        for pauses in ((), TIGHT) if best is None else ((),):
            quick, _ = search.prove(heard, hearing, pauses, most=4)
            if not quick:
                continue
            proofs, tried = search.prove(heard, hearing, pauses)
            chance, _ = search.prove(heard, hearing, pauses, TWIST)
            if len(proofs) >= 2 + 4 * len(chance) + 2 * plain and (best is None or len(proofs) > best.score):
                whole = sum(proof.whole for proof in proofs)
                words = f"{len(proofs)} of {tried} frames have a good check sequence"
                if whole < len(proofs):
                    words += f" ({len(proofs) - whole} of them that of the header)"
                best = Reading(hearing, "proof", len(proofs), f"re-read {{}}, {words}; by chance {len(chance)}", [])
            break
        if best is not None and best.score >= 10:
            break
    texts = [
        (search.sign_ons(heard, h), h)
        for ratio in ratios
        for line in (E7, O7, N8)
        for inverted in (False, True)
        if (h := Hearing(round(UNIT * ratio), line, N8, inverted, False, breaks)) and (ratio, inverted) != (1.0, False)
    ]
    count, hearing = max(texts, key=lambda each: each[0])
    if best is None and count:
        words = f"re-read {{}}, the request message /?! of IEC 62056-21 stands there {count} times"
        best = Reading(hearing, "proof", count, words, [])
    return best


@lru_cache(maxsize=256)
def _alphabet(hearing: Hearing) -> frozenset[int]:
    """Also for clocks that are a little off: a sample may fall on an edge."""
    steps = {round(hearing.step * off) for off in (0.996, 1.0, 1.004)}
    return frozenset(o for step in steps for o in Receiver(msgspec.structs.replace(hearing, step=step)).values())


def _values(heard: Heard, ratios: list[float], breaks: bool) -> Reading | None:
    """A tap that is too fast sees each bit several times: only few octets can come out."""
    counts = Counter(heard.octets)
    total = sum(counts.values())
    if total < FEW:
        return None
    fits: list[tuple[float, Hearing, int, int]] = []
    for ratio in (r for r in ratios if r < 0.75):
        for inverted in (False, True):
            for eager in (False, True):
                hearing = Hearing(round(UNIT * ratio), N8, N8, inverted, eager, breaks)
                alphabet = _alphabet(hearing)
                inside = sum(n for octet, n in counts.items() if octet in alphabet)
                bits = inside * math.log2(256 / len(alphabet)) - (total - inside) * 12
                used = len(counts) >= 0.4 * len(alphabet)
                if used and inside >= 0.97 * total and len(alphabet) <= 64 and bits >= 40:
                    fits.append((bits, hearing, inside, len(alphabet)))
    if not fits:
        return None
    bits, hearing, inside, size = max(fits, key=lambda fit: (fit[0], not fit[1].inverted, not fit[1].eager))
    also = [h for score, h, _, _ in fits if score > 0.9 * bits and abs(h.ratio - hearing.ratio) > SAME * h.ratio]
    words = f"{inside} of {total} octets are among the {size} of 256 that such a line can give {{}}"
    if any(score > 0.9 * bits and h.inverted is not hearing.inverted for score, h, _, _ in fits):
        words += "; it may be inverted too"
    return Reading(hearing, "values", bits, words, also)


def _openings(heard: Heard, ratios: list[float], breaks: bool) -> Reading | None:
    """A tap that is too slow loses bits, but frames open alike: what comes first after a pause tells the rate."""
    if 4 * opened(heard) > len(heard.starts):
        return None  # they begin as they should
    fits: list[tuple[float, Hearing, int, int, int]] = []
    tried = [
        Hearing(round(UNIT * ratio), N8, N8, inverted, eager, breaks)
        for eager in (False, True)
        for inverted in (False, True)
        for ratio in ratios
        if ratio > 1.2 or (inverted and ratio > 0.9)
    ]
    for hearing in (*tried, Hearing(UNIT, N8, E8, breaks=breaks), Hearing(UNIT, N8, E8, eager=True, breaks=breaks)):
        size = 2 if hearing.ratio < 1.2 else 1
        first = _first(hearing, size)
        if not first:
            continue
        inside = sum(heard.octets[at : at + size] in first for at in heard.starts)
        bits = inside * math.log2(256**size / len(first))
        if inside >= 4 and inside >= 0.75 * len(heard.starts) and bits >= 24:
            fits.append((bits, hearing, inside, size, len(first)))
    if not fits:
        return None
    bits, hearing, inside, size, ways = max(fits, key=lambda fit: (fit[0], not fit[1].inverted, not fit[1].eager))
    also = [h for score, h, *_ in fits if score > 0.9 * bits and abs(h.ratio - hearing.ratio) > SAME * h.ratio]
    words = (
        f"{inside} of {len(heard.starts)} bursts begin as an opening flag and its header do {{}} "
        f"({ways} of {256**size} beginnings can)"
    )
    return Reading(hearing, "openings", bits, words, also)


def opened(heard: Heard) -> int:
    """Bursts that begin with flag and frame format type 3."""
    begins = (heard.octets[at : at + 2] for at in heard.starts)
    return sum(len(two) == 2 and two[0] == FLAG and two[1] >> 4 == 0xA for two in begins)


@lru_cache(maxsize=256)
def _first(hearing: Hearing, octets: int) -> frozenset[bytes]:
    """Beginnings, also for clocks that are a little off: a sample may fall on an edge."""
    out: set[bytes] = set()
    for off in (0.985, 1.0, 1.015):
        ways = search.openings(msgspec.structs.replace(hearing, step=round(hearing.step * off)), octets)
        if not ways:
            return frozenset()
        out |= ways
    return frozenset(out) if len(out) <= 64 * octets**4 else frozenset()


def _disturbed(facts: Facts) -> list[Diagnosis]:
    """Frames begin as they should and arrive damaged, and no other rate or format explains it."""
    for stream in facts.streams:
        heard = stream.heard()
        begun = opened(heard)
        if begun >= 4 and 2 * begun > len(heard.starts):
            good = facts.good["hdlc"]
            words = f"{begun} of {len(heard.starts)} bursts begin with flag and frame format, {good} frames are good"
            lost = facts.flags[Flag.OVERRUN] + facts.flags[Flag.LOSS]
            evidence = (words, f"{lost} overruns or losses told by the capture", *errors(facts))
            advice = (
                "rate and format are right: look for noise, missing termination or ground, collisions of two readers, "
                "and a tap that loses octets (overruns)"
            )
            title = "disturbed line: frames begin well and arrive damaged"
            return [Diagnosis("line.disturbed", title, 70, evidence, stream.numbers(), advice)]
    return []


# -- words ----------------------------------------------------------------------------------------------------


def _rate(hearing: Hearing, baud: int) -> str:
    if hearing.step == UNIT and not baud:
        return "the tap's rate"
    if not baud:
        return f"{hearing.ratio:.3g} times the tap's rate"
    nominal = next((rate for rate in RATES if abs(rate / baud - hearing.ratio) < 0.002 * hearing.ratio), None)
    return f"{nominal} Bd" if nominal else f"about {round(baud * hearing.ratio / 10) * 10} Bd"


def _diagnosis(facts: Facts, stream: Stream, reading: Reading) -> Diagnosis:
    h, baud = reading.hearing, facts.channel.baud
    wrong_rate = abs(h.ratio - 1) > SAME
    as_read = f"at {_rate(h, baud)} {h.line}" + (" inverted" if h.inverted else "")
    evidence = [reading.evidence.format(as_read), *errors(facts)]
    rates = sorted({_rate(each, baud) for each in reading.also})
    if rates:
        evidence.append(f"fits as well: {', '.join(rates)}")
    confidence = {"proof": 97 if reading.score >= 3 else 80, "values": 85, "openings": 60}[reading.kind]
    if wrong_rate:
        there = f"at {baud} Bd" if baud else "at its own rate"
        side = "fast" if h.ratio < 1 else "slow"
        code, title = (
            "line.rate",
            f"wrong baud rate: the line talks at {_rate(h, baud)}, the tap listened {there}: too {side}",
        )
        set_to = f"baud={_rate(h, baud).split()[-2]}" if baud else f"a baud rate {h.ratio:.3g} times the present one"
        advice = f"capture again with {set_to} (serial:PORT?baud=…)"
        if abs(h.ratio - 1) < 0.1:
            advice += "; the clock of the device or of the adapter is off: most adapters take any rate"
        if not baud:
            advice += "; with --assume baud=N (the tap's rate) the doctor names the line's rate"
    elif h.inverted:
        code, title = "line.inverted", "inverted line: rest and start bits have the wrong level"
        advice = (
            "swap A and B of RS-485, or turn off inversion of the adapter or optical head (TTL against RS-232 levels)"
        )
    else:
        code, title = "line.format", f"wrong format: the line talks {h.line}, the tap listened {h.tap}"
        advice = f"open the tap as {'8N1' if h.line == N8 else h.line} (serial:PORT?format={h.line})"
    if wrong_rate and h.inverted:
        title += ", and the line is inverted"
        advice += "; swap A and B of RS-485, or turn off inversion"
    if wrong_rate and h.line != N8:
        title += f", with format {h.line}"
    return Diagnosis(code, title, confidence, tuple(evidence), stream.numbers(), advice)


def errors(facts: Facts) -> list[str]:
    """What the tap itself reported, in words."""
    kinds = ((Flag.FRAMING_ERROR, "framing errors"), (Flag.PARITY_ERROR, "parity errors"), (Flag.BREAK, "breaks"))
    told = [f"{facts.flags[flag]} {words}" for flag, words in kinds if facts.flags[flag]]
    return [f"the tap reported {', '.join(told)} in {len(facts.records)} records"] if told else []
