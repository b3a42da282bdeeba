"""Checks of APDUs and Data: ASN.1 notation, facts of unit tests, labels."""

import re
from collections.abc import Callable
from typing import Any

from corpus_look import Look, find_field, leaves
from corpus_map import Check, clock_hex, clocks, same

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
            entry = find_field(fields, "attribute-descriptor-list") or fields.get("cosem-method-descriptor-list")
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
    """ "0.0.128.0.0.255" as the hex of our fields; other values as they are."""
    return bytes(int(x) for x in value.split(".")).hex().upper() if isinstance(value, str) else value


def shown(apdu: dict[str, Any]) -> str:
    """All values of a message in one text, visible strings also as hex."""
    text = str(apdu.get("fields")) + str(apdu.get("items")) + str(apdu.get("data"))
    return text + "".join(part.encode("latin-1", "replace").hex().upper() for part in re.findall(r"'([^']*)'", text))


LABELS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "data-notification (dt empty, data=unsigned 7)": lambda m: (
        (m["apdu"], m["fields"]["date-time"]) == ("data-notification", "")
        and m["data"] == {"type": "unsigned", "value": 7}
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
