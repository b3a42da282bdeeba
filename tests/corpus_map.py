"""What the corpus asserts, mapped to what the program says: (family, key) -> a check.

A check takes the Look of an item and the asserted value and gives the list of what does not agree,
empty where all agrees. None: this value says nothing that a passive analyzer could be compared with.
REASONS holds what is known not to agree, and why.
"""

import re
from collections import Counter
from collections.abc import Callable
from typing import Any

from corpus_look import Look, Node, elements, find_field, obis_of

Check = Callable[[Look, Any], list[str] | None]

# Keys that tell where an item comes from and nothing about its octets.
ABOUT = frozenset({
    "test", "test_name", "note", "name", "variable", "file_name", "file", "source_note", "readme", "log_header", "log",
    "example", "scenario", "captured", "conformance_test", "received_at_log", "object_list_source", "round_trip",
    "use_case", "outcome",
})  # fmt: skip


def same(what: str, ours: Any, theirs: Any) -> list[str]:
    return [] if ours == theirs else [f"{what}: {ours!r}, asserted {theirs!r}"]


# -- octet groups: [[hex, meaning], …] ---------------------------------------------------------------------

ADDRESSES = ("hdlc.destination", "hdlc.source", "hdlc.upper", "hdlc.lower")
PLACE_WORDS = (  # words in the meaning -> fields of which one spans exactly this group
    (("FCS", "Frame check", "целостности кадра"), ("hdlc.fcs",)),
    (("HCS", "Header check", "header check", "целостности заголовка"), ("hdlc.hcs",)),
    (("Флаг открытия", "Флаг закрытия", "разделитель кадров"), ("hdlc.opening-flag", "hdlc.closing-flag")),
    (("управляющее поле", "Тип кадра I", "Тип кадра RR", "Тип кадра SNRM", "Тип кадра UA"), ("hdlc.control",)),
    (("Тип кадра [биты 12..15]", "определение формата кадра"), ("hdlc.format",)),
    (("адрес клиента", "адрес сервера", "Адрес получателя", "Адрес отправителя"), ADDRESSES),
)
OBIS_WORDS = re.compile(r"OBIS[^0-9]*(\d+)[-.](\d+)[:.](\d+)\.(\d+)\.(\d+)[*.](\d+)")
LENGTH_WORDS = re.compile(r"длина кадра(?: = 0x[0-9A-F]+ ?=|:) ?(\d+)")
MOST_OCTETS = 1 << 20
OPAQUE = (  # fields whose insides our trees do not divide: blocks, encodings of encodings, what was not dissected
    "data", "apdu.data", "apdu.raw-data", "apdu.trailing", "problem.apdu.trunc", "llc.apdu", "aarq.", "aare.",
    "initiate-request.", "initiate-response.", "short-name.variable-name", "rlrq.reason",
)  # fmt: skip
SLIPS = frozenset({  # the authors' own, against the octets beside them
    "address 5180 of group 5075",
    "address 10 of group 0257", "length 129 of group A065", "group 0100010803FF is no OBIS",
    "group 82 at octet 2 ", "length 10 of group A014", "group 03 (Адрес отправителя (клиент)): is ['acse.length']",
})  # fmt: skip
LAST_NUMBER = re.compile(r"= ?(?:0x[0-9A-Fa-f]+ ?= ?)?(\d+)(?::(\d+))?(?![0-9A-Fa-fx])")


def groups(nodes: list[Node], octets: str, asserted: list[list[str]]) -> list[str]:
    """Each group lies in the octets, in order; a field of the tree begins where it begins; where its meaning
    names a field, that field spans it and has the value that the meaning gives."""
    wrong: list[str] = []
    at = 0
    frame = [n for n in nodes if n.buffer in ("frame", "apdu", "data")]
    starts = {n.start for n in frame}
    inside = {o for n in frame if n.field.startswith(OPAQUE) for o in range(n.start + 1, n.end)}
    # A segment that goes on, or is not the last, has no tree of its APDU: its groups are octets only.
    dissected = any(n.field.startswith(("xdlms", "acse", "data")) for n in frame)
    body = next((n.start for n in frame if n.field == "hdlc.information"), 0) if not dissected else MOST_OCTETS
    tail = next((n.start for n in frame if n.field == "hdlc.fcs"), MOST_OCTETS)
    for hex_text, meaning in asserted:
        want = hex_text.upper().replace(" ", "")
        places = places_of(octets, want, at)
        if not places:
            continue  # an explanation of other octets: no fault of the reader
        start = next((p for p in places if p in starts), places[0])
        end = start + len(want) // 2
        at = end * 2
        if start not in starts and start not in inside and not body <= start < tail:
            wrong.append(f"group {want} at octet {start} ({meaning[:40]}): no field begins there")
        fields = next((fields for words, fields in PLACE_WORDS if any(w in meaning for w in words)), ())
        here = [n for n in frame if (n.start, n.end) == (start, end)]
        if fields and not any(n.field in fields for n in here):
            wrong.append(f"group {want} ({meaning[:40]}): is {[n.field for n in here]}")
        length = LENGTH_WORDS.search(meaning)
        if length and not any(n.field == "hdlc.length" and n.text == f"{length[1]} octets" for n in here):
            wrong.append(f"length {length[1]} of group {want}: {[n.text for n in here]}")
        address = LAST_NUMBER.search(meaning) if fields == ADDRESSES else None
        if address:
            value = "/".join(part for part in address.groups() if part)
            if value not in {n.text for n in here}:
                wrong.append(f"address {value} of group {want}: {[n.text for n in here]}")
        code = OBIS_WORDS.search(meaning)
        if code and len(want) == 12 and bytes.fromhex(want) != bytes(int(x) for x in code.groups()):
            wrong.append(f"group {want} is no {code[0]}")
    return [w for w in wrong if not any(w.startswith(slip) for slip in SLIPS)]


def places_of(octets: str, want: str, at: int) -> list[int]:
    """The octets where a group may lie: right behind the one before, else anywhere after it."""
    if octets.startswith(want, at):
        return [at // 2]
    found = [i.start() for i in re.finditer(f"(?={want})", octets) if i.start() >= at]
    return [i // 2 for i in found if not i % 2]


def item_groups(look: Look, asserted: Any) -> list[str] | None:
    if not asserted:
        return None
    octets = look.hex
    if look.decoded["frames"] and asserted[0][0] == "E6E700":  # decode takes the LLC header off
        octets, asserted = octets[6:] if octets.startswith(asserted[0][0]) else octets, asserted[1:]
    return groups(look.nodes, octets, asserted)


# -- single HDLC frames ------------------------------------------------------------------------------------


def field_hex(look: Look, field: str) -> str:
    """The octets of a field of the item's first frame."""
    first = look.frames[0]["octets"]
    node = next((n for n in look.trees[0] if n.field == field), None)
    return "" if node is None else first[node.start * 2 : node.end * 2]


def has_field(field: str) -> Check:
    return lambda look, value: same(field, field_hex(look, field), value)


def frame_direction(look: Look, value: str) -> list[str]:
    want = "server-to-client" if value.startswith("Server") else "client-to-server"
    return same("direction", look.frames[0]["direction"], want)


def frame_service(look: Look, value: str) -> list[str]:
    found = re.search(r"\((\w+) frame", value)
    assert found, value
    wrong = same("kind", look.frames[0]["kind"], found[1])
    service = {"READ REQUEST": "read-request", "Write Request": "write-request"}.get(value.split(") ")[-1])
    if service:
        wrong += same("apdu", [m["apdu"] for m in look.messages], [service])
    return wrong


def frame_type(look: Look, value: str) -> list[str]:
    return same("kind", look.frames[0]["kind"], value.split()[0])


def delivered(look: Look, value: str) -> list[str]:
    return [] if any(value.upper() in f["octets"] for f in look.frames) else [f"no frame {value}"]


def hdlc_facts(look: Look, value: dict[str, Any]) -> list[str] | None:
    """Facts of other people's frame readers, as far as they speak of octets."""
    frames = [f for f in look.frames if f["layer"] == "hdlc"]
    bad = [p for f in frames for p in f["problems"] if p["code"] == "hdlc.fcs"]
    wrong: list[str] = []
    known = 0
    for key, want in value.items():
        name = key.removeprefix("frames[0].").removeprefix("frame.")
        known += 1
        if name == "len(frames)":
            wrong += same(key, len(frames), want)
        elif name == "is_good_ffc":
            wrong += same(key, bool(frames) and not bad, want)
        elif name == "is_expected_length":
            short = [p for f in frames for p in f["problems"] if p["code"] in ("hdlc.trunc", "hdlc.length")]
            wrong += same(key, bool(frames) and not short, want)
        elif name == "payload" and want is None:
            wrong += same(key, [n.text for n in look.trees[0] if n.field == "hdlc.information"], [])
        else:
            known -= 1
    return wrong if known else None


# -- sessions ----------------------------------------------------------------------------------------------


def chunks(look: Look, chunk_list: list[dict[str, Any]]) -> list[str]:
    """Each recorded frame is one of ours, in order, going where the log says."""
    wrong: list[str] = []
    ours = [f for f in look.frames if f["layer"] == "hdlc"]
    wrong += same("frames", len(ours), len(chunk_list))
    names = {"TX": "client-to-server", "RX": "server-to-client"}
    for no, (frame, chunk) in enumerate(zip(ours, chunk_list, strict=False), 1):
        if frame["octets"].strip() != chunk["hex"].upper():
            wrong.append(f"frame {no}: {frame['octets'][:40]}, recorded {chunk['hex'][:40]}")
        if frame["direction"] != names.get(chunk["dir"]):
            wrong.append(f"frame {no}: {frame['direction']}, recorded {chunk['dir']}")
    return wrong


def chunk_groups(look: Look, chunk_list: list[dict[str, Any]]) -> list[str]:
    wrong: list[str] = []
    for frame, nodes, chunk in zip(look.frames, look.trees, chunk_list, strict=False):
        asserted = (chunk.get("asserted") or {}).get("octets")
        if asserted:
            wrong += [f"frame {frame['no']}: {w}" for w in groups(nodes, frame["octets"], asserted)]
    return wrong


def session_security(look: Look, value: str) -> list[str]:
    """Of the services; the initiate APDUs of AARQ and AARE are ciphered in every such context."""
    services = [m for m in look.messages if m["apdu"] not in ("aarq", "aare")]
    ciphered = [m for m in services if m["apdu"].startswith(("glo-", "ded-")) or m["security"]]
    return same(f"ciphered services ({value})", bool(ciphered), "no APDU protection" not in value)


def session_header(look: Look, value: dict[str, str]) -> list[str]:
    """The association of the log's header; others of a public client may stand before it."""
    found = re.match(r"\w+", value["Client Address"])
    assert found
    client = int(found[0], 16)
    asked = next((m for m in look.messages if m["apdu"] == "aarq" and m["client"] == client), None)
    if asked is None:
        return [f"no AARQ of client {client}"]
    wrong = same("context", find_field(asked["fields"], "application-context-name"), "LN referencing, with ciphering")
    return wrong + same("mechanism", find_field(asked["fields"], "mechanism-name"), "HLS GMAC")


def object_list(look: Look, value: list[list[Any]]) -> list[str]:
    """Class, version and logical name of the objects, as its blocks joined must give them."""
    found: set[tuple[int, int, str]] = set()
    for m in look.messages:
        for parts in elements(m["data"]) if m["data"] else ():
            if len(parts) >= 3 and obis_of(parts[2]):
                found.add((parts[0]["value"], parts[1]["value"], str(obis_of(parts[2]))))
    return [f"no object {entry}" for entry in value if tuple(entry) not in found]


# -- other identifiers -----------------------------------------------------------------------------------------


def received_octets(look: Look, value: int) -> list[str]:
    return same("octets", sum(len(f["octets"]) // 2 for f in look.frames), value)


MESSAGES = {
    "COMMAND": "access-request",
    "PRECOMMAND": "access-request",
    "RESPONSE": "access-response",
    "ALERT": "data-notification",
}


def gbcs_message(look: Look, value: str) -> list[str]:
    """What stands inside general-signing, and around that general-ciphering."""
    return same("APDU", look.apdu.get("apdu"), MESSAGES[value])


def gbcs_signature(look: Look, value: bool) -> list[str] | None:
    """Where general-signing is the outermost; inside general-ciphering the outer protection is the one shown."""
    security = look.apdu.get("security") or {}
    if security.get("outer") != "general-signing":
        return None
    return same("signature", security["reason"] != "the signature is empty", value)


# -- wrapper -----------------------------------------------------------------------------------------------


def wrapper_node(name: str) -> Check:
    def check(look: Look, value: Any) -> list[str]:
        want = int(value, 16) if isinstance(value, str) else value
        text = next((n.text for n in look.trees[0] if n.field == f"wrapper.{name}"), "")
        found = re.match(r"\d+", text)
        return same(name, found and int(found[0]), want)

    return check


def wrapper_all(look: Look, value: dict[str, int]) -> list[str]:
    names = {"source_wport": "source", "destination_wport": "destination"}
    return [w for key, want in value.items() for w in wrapper_node(names.get(key, key))(look, want) or ()]


def title(look: Look, value: str) -> list[str]:
    return same("system title", find_field(look.apdu.get("fields"), "system-title"), value.upper())


def must_reject(look: Look, value: Any) -> list[str]:
    """True: a problem says what is wrong. In words (another version of the wrapper): no message comes of it either."""
    wrong = [] if look.problems else ["nothing is wrong with it"]
    if value is True:
        return wrong or same("severe", any(p["severity"] in ("error", "warning") for p in look.problems), True)
    return wrong + same(f"messages of {value}", [m["apdu"] for m in look.messages], [])


def frames_delivered(look: Look, value: int) -> list[str]:
    return same("messages", len(look.messages), value)


# -- clock values ------------------------------------------------------------------------------------------


def clock_hex(year: int, month: int, day: int, hour: int, minute: int, second: int = 0, *_: int) -> set[str]:
    """Year, month, day, hour, minute and second, without day of week: as clocks() gives them."""
    return {f"{year:04X}{month:02X}{day:02X}{hour:02X}{minute:02X}{second:02X}"}


def clocks(look: Look) -> set[str]:
    """The date-times of all messages: in Data, and as date-time or time of a notification."""
    texts = set(look.strings) | {str(find_field(m["fields"], "date-time")) for m in look.apdus}
    return {t[:8] + t[10:16] for t in texts if re.fullmatch(r"[0-9A-F]{24}", t)}


# -- counts of APDUs in a capture --------------------------------------------------------------------------


def apdu_counts(look: Look) -> list[str]:
    """The item's own summary, "get-request-normal x2, aarq x1". Its derived list was made without states."""
    want: Counter[str] = Counter()
    for part in look.item["apdu"].split(", "):
        name, _, count = part.rpartition(" x")
        if name and name != "empty" and not name.startswith("unknown"):
            want[name] += int(count)
    ours = Counter(m["apdu"] for m in look.messages)
    return [f"{name}: {ours[name]}, listed {count}" for name, count in want.items() if ours[name] != count]
