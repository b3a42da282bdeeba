"""What the corpus asserts, mapped to what the program says: (family, key) -> a check.

A check takes the Look of an item and the asserted value and gives the list of what does not agree,
empty where all agrees. None: this value says nothing that a passive analyzer could be compared with.
REASONS holds what is known not to agree, and why.
"""

import re
from collections import Counter
from collections.abc import Callable
from typing import Any

from corpus_look import Look, Node, elements, find_field, leaves, obis_of

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
    "address 5180 of group 5075", "address 10 of group 0257", "length 129 of group A065", "group 0100010803FF is no OBIS",
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
    ciphered = [m for m in look.messages if m["apdu"].startswith(("glo-", "ded-")) or m["security"]]
    return same(f"ciphered APDUs ({value})", bool(ciphered), "no APDU protection" not in value)


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
    wrong = [] if any(p["severity"] in ("error", "warning") for p in look.problems) else ["nothing is wrong with it"]
    if isinstance(value, str) and look.messages:
        wrong.append(f"messages {[m['apdu'] for m in look.messages]}")
    return wrong


def frames_delivered(look: Look, value: int) -> list[str]:
    return same("messages", len(look.messages), value)


# -- ACSE --------------------------------------------------------------------------------------------------

CONTEXTS = {1: "LN referencing, no ciphering", 2: "SN referencing, no ciphering", 3: "LN referencing, with ciphering"}
MECHANISMS = {0: "lowest", 1: "LLS password", 5: "HLS GMAC", "LLS": "LLS password", "HLS_GMAC": "HLS GMAC"}


def notation(look: Look, value: str) -> list[str]:
    """ASN.1 value notation of an AARQ or AARE, as far as it stands on one line each."""
    fields = look.apdu.get("fields", {})
    wrong: list[str] = []
    for line in value.splitlines():
        name, _, text = line.strip(" ,{}").partition(" ")
        ours = find_field(fields, name)
        last = re.search(r"(\d+) *$", text.strip(" {}"))
        quoted = re.search(r'"(.*)"', text)
        octets = re.search(r"'([0-9A-F]+)", text)
        if name in ("", "application-context-name") and last:
            wrong += same(name, ours, CONTEXTS[int(last[1])]) if name else []
        elif name == "mechanism-name" and last:
            wrong += same(name, ours, MECHANISMS[int(last[1])])
        elif name == "result":
            wrong += same(name, ours, text)
        elif name == "result-source-diagnostic":
            source, _, what = text.partition(" : ")
            wrong += same(name, ours, {source: what})
        elif name.endswith("requirements"):
            wrong += same(name, ours, re.findall(r"[a-z]+", text))
        elif quoted and ours != {"charstring": quoted[1].encode().hex().upper()}:
            # a password of an LLS association is never printed
            wrong += same(name, set(str((ours or {}).get("charstring", "")[:8])), {"•"})
        elif octets and name == "user-information":
            wrong += [] if octets[1] in look.hex and ours else [f"{name}: {ours!r}"]
        elif octets:
            wrong += same(name, ours, octets[1])
    return wrong


def acse_facts(look: Look, value: dict[str, Any]) -> list[str] | None:
    fields = look.apdu.get("fields", {})
    wrong: list[str] = []
    for key, want in value.items():
        name = key.split(".")[-1]
        last = str(want).rpartition(".")[2]
        if name == "ciphered":
            wrong += same(key, "with ciphering" in str(fields.get("application-context-name")), want)
        elif name == "authentication":
            wrong += same(key, fields.get("mechanism-name"), None if want is None else MECHANISMS[last])
        elif name == "reason":
            wrong += same(key, fields.get("reason"), last.lower().replace("_", "-"))
        elif name == "result":
            wrong += same(key, fields.get("result"), last.lower())
        elif name == "result_source_diagnostics":
            said = (fields.get("result-source-diagnostic") or {}).get("acse-service-user")
            wrong += same(key, said, last.lower().replace("_", "-"))
        elif name == "user_information" and want is None:
            wrong += same(key, fields.get("user-information"), None)
        elif name.endswith(" is not"):
            where = {"system_title": "calling-AP-title", "user_information": "user-information"}
            what = name.removesuffix(" is not")
            ours = fields.get(where.get(what, "")) or find_field(fields, "charstring")
            wrong += [] if ours else [f"{key}: missing"]
        elif want == "InitiateResponse":
            ours = find_field(fields, "negotiated-dlms-version-number")
            wrong += [] if ours else [f"{key}: no InitiateResponse"]
    return wrong


# -- xDLMS -------------------------------------------------------------------------------------------------


def service(look: Look, value: str) -> list[str]:
    words = re.findall(r"[A-Z][a-z]+", value)
    other = {"For": "", "With": "with", "Last": "last", "Data": "data"}
    ours = look.apdu.get("apdu", "")
    name = "-".join(w for w in (other.get(x, x.lower()) for x in words) if w).replace("data-block", "datablock")
    special = {
        "get-request-next-datablock": "get-request-next",
        "set-request-with-list-block": "set-request-with-list-and-first-datablock",
    }
    return same("service", ours, special.get(name, name))


RESULTS = {0: "success", 1: "hardware-fault"}
INTEGERS = {
    "blockNumber": "block-number", "block_number": "block-number", "proposedDlmsVersionNumber":
    "proposed-dlms-version-number", "negotiatedDlmsVersionNumber": "negotiated-dlms-version-number",
    "clientMaxReceivePduSize": "client-max-receive-pdu-size", "serverMaxReceivePduSize": "server-max-receive-pdu-size",
    "vaaName": "vaa-name", "negotiated_quality_of_service": "negotiated-quality-of-service", "class_id": "class-id",
    "attribute_id": "attribute-id", "method_id": "method-id",
}  # fmt: skip
ITEMS = {"classIds": "class-id", "attributeIds": "attribute-id", "methodIds": "method-id", "instanceIds": "instance-id"}
SINGLE = {"classId": "class-id", "methodId": "method-id", "instanceId": "instance-id"}
CONFORMANCE_BITS = 24


def xdlms_facts(look: Look, value: dict[str, Any]) -> list[str] | None:
    """Facts of unit tests under the names of their own libraries."""
    fields = look.apdu.get("fields", {})
    wrong: list[str] = []
    known = 0
    for key, want in value.items():
        known += 1
        name = key.split(".")[-1] if not key.startswith("datas") else key
        index = re.fullmatch(r"(\w+)\[(\d)\]", name)
        if name == "err":
            wrong += [str(p) for p in look.apdu.get("problems", ()) if p["severity"] == "error"]
        elif name in INTEGERS:
            wrong += same(key, find_field(fields, INTEGERS[name]), int(str(want), 0))
        elif name == "lastBlock":
            wrong += same(key, find_field(fields, "last-block"), want == "true")
        elif name == "rawData":
            wrong += same(key, find_field(fields, "raw-data"), want.removeprefix("hex:").upper())
        elif name == "dataAccessResult":
            wrong += same(key, look.apdu.get("result"), RESULTS[want])
        elif name == "len(dataAccessResults)":
            wrong += same(key, len(look.apdu.get("items") or ()), want)
        elif index and index[1] == "dataAccessResults":
            wrong += same(key, look.apdu["items"][int(index[2])]["result"], RESULTS[want])
        elif index and index[1] in ITEMS:
            entry = (find_field(fields, "attribute-descriptor-list") or fields.get("cosem-method-descriptor-list"))
            wrong += same(key, find_field(entry[int(index[2])], ITEMS[index[1]]), plain(want))
        elif index and index[1].startswith("access"):
            entry = fields["attribute-descriptor-list"][int(index[2])]
            wrong += same(key, entry["access-selection"], None)
        elif name in SINGLE:
            wrong += same(key, find_field(fields, SINGLE[name]), plain(want))
        elif name.endswith("QualityOfService") or name == "dedicatedKey":
            wrong += same(key, find_field(fields, "dedicated-key"), None)
        elif name == "responseAllowed":
            wrong += same(key, fields.get("response-allowed"), want == "true")
        elif name == "bitsUnused":
            known -= 1
        elif name == "buf":
            bits = f"{int(want.removeprefix('hex:'), 16):0{CONFORMANCE_BITS}b}".count("1")
            ours = find_field(fields, "proposed-conformance") or find_field(fields, "negotiated-conformance")
            wrong += same(key, len(ours), bits)
        elif name in ("val", "GetOctetString()", "GetVisibleString()") or name.endswith("String()"):
            wrong += [] if want.removeprefix("hex:").upper() in shown(look.apdu) else [f"{key}: {want} is not there"]
        elif name.endswith(".Typ") or name in ("GetType()", "tag"):
            kind = {"9": "octet-string", "DATA_TYPE_OCTET_STRING": "octet-string"}.get(str(want), "visible-string")
            wrong += [] if kind in str(fields) + str(look.apdu.get("items")) else [f"{key}: no {kind}"]
        elif name == "invoke_id_and_priority":
            wrong += same(key, fields["invoke-id-and-priority"]["invoke-id"], int(want, 16) & 0x0F)
        else:
            known -= 1
    return wrong if known else None


def plain(value: Any) -> Any:
    """"0.0.128.0.0.255" as the hex of our fields; other values as they are."""
    return bytes(int(x) for x in value.split(".")).hex().upper() if isinstance(value, str) else value


def shown(apdu: dict[str, Any]) -> str:
    """All values of a message in one text, visible strings also as hex."""
    text = str(apdu.get("fields")) + str(apdu.get("items")) + str(apdu.get("data"))
    return text + "".join(part.encode("latin-1", "replace").hex().upper() for part in re.findall(r"'([^']*)'", text))


LABELS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "data-notification (dt empty, data=unsigned 7)": lambda m: (
        m["apdu"] == "data-notification" and m["data"] == {"type": "unsigned", "value": 7} and not m["fields"]["date-time"]
    ),
    "set-request-normal (value=unsigned 5)": lambda m: (
        m["apdu"] == "set-request-normal" and m["data"] == {"type": "unsigned", "value": 5}
    ),
    "get-request-normal (sel=1, params=null)": lambda m: (
        m["apdu"] == "get-request-normal" and find_field(m["fields"], "access-selector") == 1
    ),
    "set-response-normal (success)": lambda m: (m["apdu"], m["result"]) == ("set-response-normal", "success"),
    "action-request-normal (no params)": lambda m: m["apdu"] == "action-request-normal" and m["data"] is None,
    "event-notification (no time, data=unsigned 7)": lambda m: (
        m["apdu"] == "event-notification-request" and m["data"] == {"type": "unsigned", "value": 7}
    ),
    "get-response-with-datablock (raw, last)": lambda m: (
        m["apdu"] == "get-response-with-datablock" and find_field(m["fields"], "last-block") is True
    ),
    "exception-response (invocation-counter-error=0x2A)": lambda m: (
        m["apdu"] == "exception-response" and m["fields"]["invocation-counter-error"] == 0x2A
    ),
    "confirmed-service-error initiateError service 2?": lambda m: (
        m["apdu"] == "confirmed-service-error" and m["fields"]["service"] == "initiateError"
    ),
    "get-request-normal with selective access, selector 3": lambda m: (
        m["apdu"] == "get-request-normal" and find_field(m["fields"], "access-selector") == 3
    ),
}  # fmt: skip


def label(look: Look, value: str) -> list[str] | None:
    known = LABELS.get(value)
    if known is None:
        return None
    return [] if look.apdu and known(look.apdu) else [f"{value}: {look.apdu.get('apdu')} {look.apdu.get('fields')}"]


def read_access(look: Look, value: Any, name: str) -> list[str]:
    ours = find_field(look.apdu.get("fields"), name)
    return same(name, ours, int(value, 16) if isinstance(value, str) else value)


def data_is(kind: str, make: Callable[[Any], Any] = lambda v: v) -> Check:
    def check(look: Look, value: Any) -> list[str]:
        ours = [d for m in look.apdus for d in leaves(find_data(m)) if d["type"] == kind]
        return [] if any(d["value"] == make(value) for d in ours) else [f"no {kind} {make(value)!r} in {ours}"]

    return check


def find_data(m: dict[str, Any]) -> dict[str, Any]:
    """The Data of a message, or the parameter of a parameterized access."""
    found: dict[str, Any] = m["data"] or find_field(m["fields"], "parameter") or {"type": "null-data", "value": None}
    return found


def short_date_time(look: Look, value: str) -> list[str]:
    return [f"no {value}"] if not clock_hex(*map(int, re.findall(r"\d+", value))) & clocks(look) else []


# -- A-XDR Data --------------------------------------------------------------------------------------------

DATA_LABELS: dict[str, dict[str, Any]] = {
    "double-long -2": {"type": "double-long", "value": -2},
    "float32 1.0": {"type": "float32", "value": 1.0},
    "unsigned 200": {"type": "unsigned", "value": 200},
    "bcd 0x12": {"type": "bcd", "value": "12"},
    "long -2": {"type": "long", "value": -2},
    'visible-string "AB"': {"type": "visible-string", "value": "AB"},
    "octet-string DEADBEEF": {"type": "octet-string", "value": "DEADBEEF"},
    "long64-unsigned 1": {"type": "long64-unsigned", "value": 1},
    "array[2]{ unsigned 1, unsigned 2 }": {
        "type": "array",
        "value": [{"type": "unsigned", "value": 1}, {"type": "unsigned", "value": 2}],
    },
}


def data_label(look: Look, value: str) -> list[str]:
    ours = look.decoded["data"]
    if value in DATA_LABELS:
        return same(value, ours, DATA_LABELS[value])
    if value.startswith("compact-array of unsigned"):
        return same(value, (ours["type"], ours["of"], [d["value"] for d in ours["value"]]), (
            "compact-array", "unsigned", [1, 2, 3]
        ))  # fmt: skip
    if value.startswith("bit-string"):
        return same(value, (ours["type"], len(ours["value"])), ("bit-string", 4))
    return same(value, ours["type"], "date-time")


def data_facts(look: Look, value: dict[str, Any]) -> list[str] | None:
    ours = look.decoded["data"]
    if isinstance(ours, list):  # several values one after the other
        ours = {"type": "array", "value": ours}
    result = ours["value"] if value.get("len(result)") != 1 else ours["value"][:1]
    wrong: list[str] = []
    for key, want in value.items():
        if key in ("len(result)", "len(parsed)"):
            wrong += same(key, len(result), want)
        elif key == "len(result[0].value)":
            wrong += same(key, len(result[0]["value"]), want)
        elif key == "result[0].value[0].value":
            wrong += same(key, result[0]["value"][0]["value"], want)
        elif re.fullmatch(r"result\[\d\]", key):
            wrong += same(key, result[int(key[-2])]["value"], want)
    return wrong


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
