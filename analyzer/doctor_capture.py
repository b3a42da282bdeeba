"""Checks of the capture itself: link type, snap length, TCP without its start, keys, and stamps for timing."""

from collections import Counter
from itertools import pairwise
from typing import Final

from analyzer.doctor_facts import Diagnosis, Facts
from captures import linktype
from dissectors import problem as P
from dissectors.protection import NO_KEY, TAG_MISMATCH, WRONG_KEY
from dissectors.record import Flag

LATENCY_NS: Final = 16_000_000  # latency timer of FTDI adapters as delivered
CLOSE_NS: Final = 600_000


def link_type(facts: Facts) -> list[Diagnosis]:
    """Code capture.link-type: packets of a kind that is not dissected."""
    number = facts.channel.link_type
    found = [f for f in facts.frames if any(p.kind is P.CAPTURE_LINKTYPE for p in f.problems)]
    if not found or facts.frames_good:
        return []
    name = linktype.name(number)
    evidence = (f"{len(found)} of {len(facts.records)} packets have link type {number} ({name})",)
    advice = (
        "for octets of a serial line rewrite it as USER0 (editcap -T user0 IN OUT); else capture where the traffic is "
        "Ethernet, IP or a serial tap (RTAC_SERIAL, 250)"
    )
    return [
        Diagnosis(
            "capture.link-type", f"link type {name} is not dissected", 95, evidence, facts.records_of(found), advice
        )
    ]


def truncated(facts: Facts) -> list[Diagnosis]:
    """Code capture.truncated: a snap length cut packets that carry traffic."""
    cut = facts.flags[Flag.TRUNCATED]
    if not cut:
        return []
    records = [r for r in facts.records if r.flags & Flag.TRUNCATED]
    longest = max(len(r.octets) for r in records)
    share = 100 * cut // len(facts.records)
    evidence = (
        f"{cut} of {len(facts.records)} packets ({share} %) are cut, kept are at most {longest} octets of them",
    )
    advice = "capture again with full packets: dumpcap -s 0, tcpdump -s 0"
    confidence = 95 if facts.sick or facts.bad else 70
    title = "truncated packets (snap length)"
    return [Diagnosis("capture.truncated", title, confidence, evidence, tuple(r.no for r in records), advice)]


def mid_stream(facts: Facts) -> list[Diagnosis]:
    """Code tcp.mid-stream: a connection whose start is missing and which does not decode."""
    opened = {f.path.number for f in facts.frames if f.kind == "tcp.syn"}
    good = {f.path.number for f in facts.frames if f.layer in ("hdlc", "wrapper", "apdu")}
    raw = Counter(f.path.number for f in facts.frames if f.layer in ("tcp", "noise") and f.kind in ("other", "noise"))
    bad = [number for number in raw if number not in good and number not in opened]
    if not bad or facts.serial:
        return []
    frames = [f for f in facts.frames if f.path.number in bad and f.path.transport == "tcp"]
    if not frames:
        return []
    evidence = (f"{len(bad)} TCP connections without SYN and without a unit that is recognised",)
    advice = (
        "start the capture before the connection, or let the reader connect again: a unit must begin in the capture"
    )
    return [Diagnosis(
        "tcp.mid-stream", "TCP picked up in the middle", 60, evidence, facts.records_of(frames), advice
    )]  # fmt: skip


def refused(facts: Facts) -> list[Diagnosis]:
    """Code tcp.refused: connections that are asked for and never opened."""
    if facts.serial:
        return []
    state: dict[int, set[str]] = {}
    asked = []
    for f in facts.frames:
        if f.kind in ("tcp.syn", "tcp.rst"):
            kinds = state.setdefault(f.path.number, set())
            first = f.kind == "tcp.syn" and "tcp.syn" not in kinds
            kinds.add(f.kind if first or f.kind == "tcp.rst" else "more")
            kinds.add(f"by {f.path.source}")
            asked += [f] if first else []
        elif (f.path.transport == "tcp" and f.layer in ("hdlc", "wrapper")) or f.kind in ("other", "tcp.ack"):
            state.setdefault(f.path.number, set()).add("data")
    dead = [f for f in asked if "data" not in state[f.path.number]]
    dead = [
        f for f in dead if f"by {f.path.destination}" not in state[f.path.number] or "tcp.rst" in state[f.path.number]
    ]
    if not dead or facts.frames_good:
        return []
    reset = sum("tcp.rst" in state[f.path.number] for f in dead)
    ends = ", ".join(sorted({str(f.path.destination) for f in dead})[:4])
    evidence = (
        f"{len(dead)} connections asked for, {reset} refused with RST, {len(dead) - reset} without answer: {ends}",
    )
    advice = "wrong host or port (DLMS/COSEM is registered at 4059), a firewall, or the meter has no free connection"
    return [Diagnosis("tcp.refused", "no TCP connection is opened", 90, evidence, facts.records_of(dead), advice)]


def nesting(facts: Facts) -> list[Diagnosis]:
    """Code ip.tunnel: VLAN tags or tunnels deeper than are followed."""
    deep = [f for f in facts.frames if any(p.kind in (P.ETH_VLAN, P.IP_TUNNEL) for p in f.problems)]
    if not deep:
        return []
    evidence = (f"{len(deep)} packets with more tags or tunnels than are followed",)
    advice = "capture inside the innermost VLAN or tunnel"
    return [Diagnosis("ip.tunnel", "VLAN tags or tunnels too deep", 85, evidence, facts.records_of(deep), advice)]


def keys(facts: Facts) -> list[Diagnosis]:
    """Codes keys.missing, keys.wrong: ciphered APDUs that stay closed."""
    out = []
    frames = [facts.by_no[n] for n in facts.ciphered_frames if n in facts.by_no]
    total = sum(facts.ciphered.values())
    none, wrong = facts.ciphered[NO_KEY], facts.ciphered[WRONG_KEY] + facts.ciphered[TAG_MISMATCH]
    if none:
        evidence = (f"{none} of {total} ciphered APDUs have no key, {facts.read} APDUs are in clear",)
        advice = "give the keys: --keys FILE (TOML), or --key TITLE:EK[:AK]; cosemscope dump names the system titles"
        out.append(
            Diagnosis("keys.missing", "ciphered, and no key is given", 96, evidence, facts.records_of(frames), advice)
        )
    if wrong:
        evidence = (f"{wrong} of {total} ciphered APDUs do not open with the keys given",)
        advice = (
            "check the key, the system title, and which key is meant (global, dedicated, broadcast; authentication)"
        )
        out.append(
            Diagnosis("keys.wrong", "ciphered, and the keys do not fit", 92, evidence, facts.records_of(frames), advice)
        )
    return out


def clock(facts: Facts) -> list[Diagnosis]:
    """Codes clock.none, clock.batch (notes): timing cannot be judged with these stamps."""
    records = [r for r in facts.records if r.octets]
    if not records:
        return []
    stamped = [r for r in records if r.first_ns is not None]
    numbers = tuple(r.no for r in records)
    if not stamped:
        evidence = (f"none of {len(records)} records has a time stamp",)
        advice = "record with stamps (pcapng, or a log with times); of a log with a zone-less clock say --assume tz=…"
        return [
            Diagnosis("clock.none", "no time stamps: no timing rule can be judged", 95, evidence, numbers, advice, True)
        ]
    if not facts.serial or len(stamped) < 20:
        return []
    gaps = [b.first_ns - a.first_ns for a, b in pairwise(stamped) if a.first_ns is not None and b.first_ns is not None]
    near = [gap for gap in gaps if LATENCY_NS // 2 < gap < 40 * LATENCY_NS]
    on_tick = [gap for gap in near if min(gap % LATENCY_NS, -gap % LATENCY_NS) < CLOSE_NS]
    if len(near) >= 16 and len(on_tick) >= 0.8 * len(near):
        evidence = (f"{len(on_tick)} of {len(near)} pauses between records are multiples of 16 ms",)
        advice = (
            "set the adapter's latency timer to 1 ms (/sys/bus/usb-serial/devices/ttyUSB0/latency_timer), or state it: "
            "--assume uncertainty=16ms"
        )
        title = "stamps come in steps of 16 ms (latency timer): response times cannot be judged"
        return [Diagnosis("clock.batch", title, 85, evidence, numbers, advice, True)]
    return []
