"""The table of checks: (family, key of `asserted`) -> check; and the reasons where one does not hold.

An entry of REASONS whose assertion holds after all is stale: the corpus test says so.
"""

import corpus_apdus as apdu
import corpus_map as m
import corpus_push as push
import corpus_text as text
from corpus_look import Look, find_field

HAN_NUMBERS = tuple(
    f"{what}{phase}"
    for what in (
        *(f"{kind}_power_{way}" for kind in ("active", "reactive") for way in ("import", "export")),
        *(f"{kind}_power_{way}_total" for kind in ("active", "reactive") for way in ("import", "export")),
    )
    for phase in ("", "_l1", "_l2", "_l3")
) + tuple(f"{what}_l{n}" for what in ("voltage", "current") for n in (1, 2, 3))

CHECKS: dict[tuple[str, str], m.Check] = {
    ("hdlc-frame", "octets"): m.item_groups,
    ("hdlc-frame", "direction"): m.frame_direction,
    ("hdlc-frame", "service"): m.frame_service,
    ("hdlc-frame", "frame_type"): m.frame_type,
    ("hdlc-frame", "type"): m.frame_type,
    ("hdlc-frame", "hcs"): m.has_field("hdlc.hcs"),
    ("hdlc-frame", "fcs"): m.has_field("hdlc.fcs"),
    ("hdlc-frame", "info"): m.has_field("hdlc.information"),
    ("hdlc-frame", "facts"): m.hdlc_facts,
    ("hdlc-frame", "delivered"): m.delivered,
    ("hdlc-frame", "echo_then_answer"): lambda look, value: m.same(
        "echo", [f["direction"] for f in look.frames][-1], "server-to-client"
    ),
    ("session-hdlc", "security"): m.session_security,
    ("session-hdlc", "header"): m.session_header,
    ("session-hdlc", "object_list_class_version_obis"): m.object_list,
    ("wrapper-tcp", "version"): m.wrapper_node("version"),
    ("wrapper-tcp", "source_wport"): m.wrapper_node("source"),
    ("wrapper-tcp", "destination_wport"): m.wrapper_node("destination"),
    ("wrapper-tcp", "length"): m.wrapper_node("length"),
    ("wrapper-udp", "wrapper"): m.wrapper_all,
    ("wrapper-udp", "system_title"): m.title,
    ("event-notification", "equipment_identifier"): push.string,
    ("event-notification", "client"): m.wrapper_node("destination"),
    ("event-notification", "source_wport"): m.wrapper_node("source"),
    ("event-notification", "length"): m.wrapper_node("length"),
    ("acse", "asn1_value_notation"): apdu.notation,
    ("acse", "facts"): apdu.acse_facts,
    ("acse", "result"): lambda look, value: m.same("result", look.apdu.get("result"), value),
    ("acse", "short_name_referencing"): lambda look, value: m.same(
        "SN", str(look.apdu["fields"]["application-context-name"]).startswith("SN"), value
    ),
    ("xdlms-apdu", "octets"): m.item_groups,
    ("xdlms-apdu", "service"): apdu.service,
    ("xdlms-apdu", "facts"): apdu.xdlms_facts,
    ("xdlms-apdu", "label"): apdu.label,
    ("xdlms-apdu", "octet_string"): apdu.data_is("octet-string"),
    ("xdlms-apdu", "obis"): apdu.data_is("octet-string", lambda v: apdu.plain(v)),
    ("xdlms-apdu", "class_id"): apdu.data_is("long-unsigned"),
    ("xdlms-apdu", "base_name"): lambda look, value: apdu.read_access(look, value, "variable-name"),
    ("xdlms-apdu", "selector"): lambda look, value: apdu.read_access(look, value, "selector"),
    ("xdlms-apdu", "parameterised"): lambda look, value: m.same(
        "parameterized", find_field(look.apdu["fields"], "parameterized-access") is not None, value
    ),
    ("xdlms-apdu", "short_name"): lambda look, value: apdu.read_access(look, value, "variable-name"),
    ("xdlms-apdu", "date_time"): apdu.short_date_time,
    ("xdlms-apdu", "xml"): lambda look, value: m.same(
        "result", (look.apdu.get("apdu"), look.apdu.get("result")), ("action-response-normal", "other-reason")
    ),
    ("axdr-data", "label"): apdu.data_label,
    ("axdr-data", "facts"): apdu.data_facts,
    ("axdr-data", "octets"): m.item_groups,
    ("gbcs", "message"): m.gbcs_message,
    ("gbcs", "signature_present"): m.gbcs_signature,
    ("han-push", "received_bytes"): m.received_octets,
    ("adversarial-real", "received_bytes"): m.received_octets,
    ("adversarial-test", "must_reject"): m.must_reject,
    ("adversarial-test", "frames_delivered"): m.frames_delivered,
    ("adversarial-test", "facts"): m.hdlc_facts,
    ("adversarial-real", "golden"): push.golden,
    ("han-push", "golden"): push.golden,
    ("han-push", "manifest"): push.manifest,
    ("han-push-encrypted", "manifest"): push.manifest,
    ("han-push", "strings"): push.strings,
    ("han-push", "numbers_scaled"): push.numbers_by_obis,
    ("han-push", "objects_found"): push.objects_found,
    ("han-push", "meter_datetime"): push.date_time,
    ("han-push", "datetime"): push.date_time,
    ("han-push", "value_int_W"): push.number,
    ("han-push", "4B464D5F303031[11]"): push.positional,
    ("han-push", "list_ver_id"): push.string,
    ("han-push", "meter_id"): push.string,
    ("han-push", "meter_type"): push.string,
    ("han-push", "frame_format_type"): lambda look, value: m.same(
        "type", m.field_hex(look, "hdlc.format")[:1], value[:1]
    ),
    ("han-push", "frame_size"): lambda look, value: m.same(
        "length", int(m.field_hex(look, "hdlc.format"), 16) & 0x7FF, value
    ),
    ("han-push", "dst"): m.has_field("hdlc.destination"),
    ("han-push", "src"): m.has_field("hdlc.source"),
    ("han-push", "control"): m.has_field("hdlc.control"),
    ("han-push", "hcs"): m.has_field("hdlc.hcs"),
    ("han-push", "fcs"): m.has_field("hdlc.fcs"),
    ("han-push", "llc"): lambda look, value: m.same("llc", m.field_hex(look, "hdlc.information")[:6], value),
    **{("han-push", name): push.number for name in HAN_NUMBERS},
    ("iec62056-21-p1", "golden"): text.golden,
    ("iec62056-21-p1", "test_example_a_landisgyr_360"): text.readout,
    ("iec62056-21-p1", "test_example_c"): text.readout,
    ("iec62056-21-p1", "test_parse_example_a_landisgyr_360"): text.parsed,
    ("iec62056-21-signon", "values"): text.values,
    ("iec62056-21-signon", "manufacturer"): text.manufacturer,
    ("iec62056-21-signon", "comm_mode"): text.comm_mode,
    ("session-mode-e", "device_address"): text.device_address,
    ("session-mode-e", "identification"): text.identification,
    ("session-mode-e", "manufacturer"): text.manufacturer,
    ("session-mode-e", "baud_char"): text.baud_character,
    ("session-mode-e", "enhanced"): text.enhanced,
    ("session-mode-e", "option"): text.option,
}

BUNDLES = ("test_lge360", "test_lge450", "test_iskra")


def check_of(family: str, key: str) -> m.Check | None:
    found = CHECKS.get((family, key))
    if found is None and key.startswith(BUNDLES):
        return push.bundle
    return found


# -- reasons ---------------------------------------------------------------------------------------------

GBT = "general block transfer is joined by the layer of ciphering and blocks, which follows"
MBUS = "M-Bus is a layer of its own, which follows"
BAD_FCS = "the frame check sequence is wrong: shown, but not believed"
NO_DATA = "the meter puts a bare attribute descriptor where Data belongs: no type of Data has that tag"
SLIP = "the source's test does not look at the octets it gives: class id 0909, not 0009"
LOOK_ALIKE = "the source logged the deciphered APDU under the header of the ciphered one: ciphered by its header"
REASONS: dict[tuple[str, str], str] = {
    ("hdlc-frame-051", "direction"): BAD_FCS,
    ("hdlc-frame-051", "service"): BAD_FCS,
    ("han-push-022", "objects_found"): BAD_FCS,
    ("han-push-022", "strings"): BAD_FCS,
    ("han-push-069", "manifest"): BAD_FCS,
    ("han-push-encrypted-043", "manifest"): BAD_FCS,
    ("pcap-udp-001", "aarq: 0, listed 1"): BAD_FCS,
    ("han-push-020", "objects_found"): NO_DATA,
    ("han-push-020", "strings"): NO_DATA,
    ("han-push-020", "numbers_scaled"): NO_DATA,
    ("han-push-035", "manifest"): LOOK_ALIKE,
    ("han-push-115", "received_bytes"): "the log counts one octet more than it prints",
    ("han-push-encrypted-011", "manifest"): GBT,
    ("xdlms-apdu-026", "facts"): SLIP,
}


def later(look: Look) -> str | None:
    """Why an item's assertions on APDUs wait for a later layer."""
    framing = look.item["framing"]
    if "GBT" in framing:
        return GBT
    if "M-Bus" in framing:
        return MBUS
    return None


def reason(look: Look, key: str) -> str | None:
    return REASONS.get((look.id, key)) or later(look)
