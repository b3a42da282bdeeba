"""Every problem that the product can report: declared once, with severity, words and clause.

A Problem is data about octets start..end of one buffer. Codes are the ids of the rules that
docs and filters use; the part before the dot names the layer.
"""

from enum import IntEnum
from typing import Any

import msgspec


class Severity(IntEnum):
    NOTE = 0
    WARNING = 1
    ERROR = 2


SEVERITY_NAMES = ("note", "warning", "error")


class Kind(msgspec.Struct, frozen=True):
    """code, severity, text with {} placeholders for a Problem's args, clause of the standard."""

    code: str
    severity: Severity
    text: str
    clause: str = ""

    @property
    def layer(self) -> str:
        return self.code.partition(".")[0]


class Problem(msgspec.Struct, frozen=True, gc=False):
    """One occurrence. frame is the number of the frame it was seen in, 0 while that is the frame at
    hand; severity overrides the kind's own where the field's habits call for it."""

    kind: Kind
    start: int = 0
    end: int = 0
    args: tuple[Any, ...] = ()
    buffer: str = "frame"
    frame: int = 0
    severity_override: Severity | None = None

    @property
    def severity(self) -> Severity:
        return self.kind.severity if self.severity_override is None else self.severity_override

    @property
    def text(self) -> str:
        try:
            return self.kind.text.format(*self.args)
        except (IndexError, ValueError, TypeError):
            return self.kind.text


NOTE, WARN, ERROR = Severity.NOTE, Severity.WARNING, Severity.ERROR
KINDS: dict[str, Kind] = {}


def _kind(code: str, severity: Severity, text: str, clause: str = "") -> Kind:
    if code in KINDS:
        raise ValueError(f"problem {code} is declared twice")
    kind = KINDS[code] = Kind(code, severity, text, clause)
    return kind


INTERNAL = _kind("internal.error", ERROR, "our own error in layer {0} ({1}): please report it with the capture")

# --- capture ------------------------------------------------------------------------------------
CAPTURE_TRUNCATED = _kind("capture.truncated", WARN, "the capture kept only {0} octets of this packet (snap length)")
CAPTURE_LOSS = _kind("capture.loss", WARN, "the capture says that {0} octets or packets were lost before this record")
CAPTURE_LINE = _kind("capture.line-error", WARN, "the tap reported {0} on this record")
CAPTURE_LINKTYPE = _kind("capture.link-type", WARN, "link type {0} ({1}) is not dissected")
CAPTURE_CLOCK = _kind("capture.clock", NOTE, "time stamps go back by {0} ns")
CAPTURE_CLOCK_STEP = _kind(
    "capture.clock-step", WARN, "the recorder's clock was set by {0} s: times before and after do not compare"
)

# --- line ---------------------------------------------------------------------------------------
LINE_ECHO = _kind("line.echo", NOTE, "echo of {0}: {1}")
LINE_GLITCH = _kind("line.glitch", NOTE, "glitch {0} of this line, where a driver is switched on or off: {1}")
LINE_COLLISION = _kind("line.collision", WARN, "collision {0} of this line: {1}")
LINE_MARKER = _kind("line.marker", NOTE, "marker {0}{1}")

# --- network ------------------------------------------------------------------------------------
ETH_TRUNC = _kind("ethernet.trunc", ERROR, "{0} needs {1} octets, {2} left", "IEEE 802.3")
ETH_VLAN = _kind("ethernet.vlan-depth", WARN, "more than {0} VLAN tags", "IEEE 802.1Q")
IP_TRUNC = _kind("ip.trunc", ERROR, "{0} needs {1} octets, {2} left", "RFC 791, 3.1")
IP_VERSION = _kind("ip.version", ERROR, "version {0} where {1} was announced", "RFC 791, 3.1")
IP_LENGTH = _kind("ip.length", ERROR, "length field says {0}, header or packet says {1}", "RFC 791, 3.1")
IP_CHECKSUM = _kind(
    "ip.checksum",
    NOTE,
    "header checksum 0x{0:04X}, computed 0x{1:04X} (0 is usual for checksum offload)",
    "RFC 791, 3.1",
)
IP_FRAGMENT = _kind("ip.fragment", NOTE, "fragment, waits for the rest of datagram 0x{0:X}", "RFC 791, 3.2")
IP_FRAGMENT_OVERLAP = _kind("ip.fragment-overlap", WARN, "fragments overlap with other octets", "RFC 791, 3.2")
IP_FRAGMENT_LOST = _kind(
    "ip.fragment-lost", WARN, "datagram 0x{0:X} never became whole: {1} octets seen", "RFC 791, 3.2"
)
IP_FRAGMENT_BOUND = _kind(
    "ip.fragment-bound", WARN, "too many unfinished datagrams: the oldest was given up", "RFC 791, 3.2"
)
IP_EXTENSION = _kind("ip.extension", WARN, "IPv6 extension headers nest deeper than {0}", "RFC 8200, 4")
IP_TUNNEL = _kind("ip.tunnel-depth", WARN, "encapsulations nest deeper than {0}")
UDP_TRUNC = _kind("udp.trunc", ERROR, "{0} needs {1} octets, {2} left", "RFC 768")
UDP_LENGTH = _kind("udp.length", ERROR, "length field says {0}, {1} octets there", "RFC 768")
TCP_TRUNC = _kind("tcp.trunc", ERROR, "{0} needs {1} octets, {2} left", "RFC 9293, 3.1")
TCP_OFFSET = _kind("tcp.offset", ERROR, "data offset {0} is impossible", "RFC 9293, 3.1")
TCP_RETRANSMISSION = _kind("tcp.retransmission", NOTE, "retransmission: {0} octets were seen before", "RFC 9293, 3.8")
TCP_OVERLAP = _kind(
    "tcp.overlap", WARN, "overlaps octets seen before with other content; the first seen are kept", "RFC 9293, 3.4"
)
TCP_REORDERED = _kind("tcp.reordered", NOTE, "out of order: {0} octets ahead of the stream", "RFC 9293, 3.4")
TCP_GAP = _kind("tcp.gap", WARN, "{0} octets of the stream are not in the capture", "RFC 9293, 3.4")
TCP_MIDSTREAM = _kind("tcp.mid-stream", NOTE, "the capture starts in the middle of this connection", "RFC 9293, 3.5")
TCP_KEEPALIVE = _kind("tcp.keep-alive", NOTE, "keep-alive", "RFC 9293, 3.8.4")
TCP_LATE = _kind("tcp.late", WARN, "{0} octets came after their gap had been given up", "RFC 9293, 3.4")
TCP_BOUND = _kind(
    "tcp.bound", WARN, "more than {0} octets wait for a missing segment: the gap is given up", "RFC 9293, 3.4"
)
TUNNEL_TRUNC = _kind("tunnel.trunc", ERROR, "{0} needs {1} octets, {2} left")
TELNET_DOUBLED = _kind("telnet.doubled", NOTE, "telnet with doubled FF (RFC 2217): {0} octets taken out")
MODEM_DIALOGUE = _kind("modem.dialogue", NOTE, "modem dialogue before the protocol: {0}")

# --- wrapper (IEC 62056-4-7) --------------------------------------------------------------------
WRAPPER_TRUNC = _kind("wrapper.trunc", ERROR, "{0} needs {1} octets, {2} are there", "IEC 62056-4-7")
WRAPPER_VERSION = _kind("wrapper.version", ERROR, "version {0} where 1 is expected", "IEC 62056-4-7")
WRAPPER_ZERO = _kind("wrapper.zero-length", ERROR, "length 0: no APDU", "IEC 62056-4-7")
WRAPPER_TRAILING = _kind("wrapper.trailing", WARN, "{0} octets after the announced length", "IEC 62056-4-7")
WRAPPER_RESERVED = _kind(
    "wrapper.reserved-wport", NOTE, "wPort {0} of the {1} is {2} in profile {3}", "IEC 62056-9-7, 6"
)
WRAPPER_RESYNC = _kind("wrapper.resync", WARN, "{0} octets passed over until the next wrapper header", "IEC 62056-4-7")

# --- HDLC (IEC 62056-46) ------------------------------------------------------------------------
H = "IEC 62056-46"
HDLC_FLAG = _kind("hdlc.flag", ERROR, "octet 0x{0:02X} where the length puts the closing flag 7E", H)
HDLC_FMT = _kind("hdlc.fmt", ERROR, "frame format type {0} where 1010 (type 3) is expected", H)
HDLC_LEN = _kind("hdlc.len", ERROR, "frame length {0} does not fit: {1}", H)
HDLC_TRUNC = _kind("hdlc.trunc", ERROR, "{0} needs {1} octets, {2} are there", H)
HDLC_HCS = _kind("hdlc.hcs", ERROR, "header check sequence {0:04X}, computed {1:04X}", H)
HDLC_FCS = _kind("hdlc.fcs", ERROR, "frame check sequence {0:04X}, computed {1:04X}", H)
HDLC_HCS_NOINFO = _kind("hdlc.hcs-noinfo", WARN, "header check sequence although there is no information field", H)
HDLC_ADDR_LEN = _kind("hdlc.addr-len", ERROR, "{0} address of {1} octets", H)
HDLC_ADDR_SRC = _kind("hdlc.addr-src", ERROR, "source address is {0}", H)
HDLC_ADDR_BCAST_RESP = _kind("hdlc.addr-bcast-resp", ERROR, "server frame to a broadcast address", H)
HDLC_ADDR_RES = _kind("hdlc.addr-res", NOTE, "{0} {1} is {2} in profile {3}", H)
HDLC_ADDR_MIX = _kind("hdlc.addr-mix", WARN, "server {0} is addressed with {1} and with {2} octets", H)
HDLC_BCAST_I = _kind("hdlc.bcast-i", ERROR, "I frame to all stations: servers discard it", H)
HDLC_BCAST_P = _kind("hdlc.bcast-p", ERROR, "P = 1 to a broadcast or no-station address", H)
HDLC_CTL = _kind("hdlc.ctl", ERROR, "control field 0x{0:02X} is outside the repertoire ({1})", H)
HDLC_DIR = _kind("hdlc.dir", ERROR, "{0} from the {1}", H)
HDLC_INFO_MISSING = _kind("hdlc.info-missing", ERROR, "I frame without information field", H)
HDLC_INFO_FORBIDDEN = _kind("hdlc.info-forbidden", ERROR, "{0} frame with an information field of {1} octets", H)
HDLC_P0 = _kind("hdlc.p0", WARN, "{0} with P/F = 0", H)
HDLC_NEG_FMT = _kind("hdlc.neg-fmt", ERROR, "{0} parameters: {1}", H)
HDLC_NEG_RANGE = _kind("hdlc.neg-range", ERROR, "{0} is {1}, allowed are {2} to {3}", H)
HDLC_NEG_UP = _kind("hdlc.neg-up", ERROR, "UA answers {0} = {1}, more than the {2} proposed", H)
HDLC_INFO_LEN = _kind("hdlc.info-len", ERROR, "information field of {0} octets, {1} were agreed for this direction", H)
HDLC_WINDOW = _kind("hdlc.window", ERROR, "{0} I frames without acknowledgement, window is {1}", H)
HDLC_NS_GAP = _kind("hdlc.ns-gap", ERROR, "N(S) is {0}, expected {1}", H)
HDLC_RETX = _kind("hdlc.retx", NOTE, "retransmission: N(S) {0} again, attempt {1}", H)
HDLC_NR = _kind("hdlc.nr", ERROR, "N(R) {0} acknowledges frames that were not sent (expected {1} to {2})", H)
HDLC_NR_QUIRK = _kind("hdlc.nr-quirk", WARN, "server counts RR frames: N(R) {0} runs ahead of {1}", H)
HDLC_SEG_ORPHAN = _kind("hdlc.seg-orphan", ERROR, "segmentation: {0}", H)
HDLC_SEG_UI = _kind("hdlc.seg-ui", WARN, "S = 1 in a {0} frame", H)
HDLC_SEG_UP = _kind("hdlc.seg-up", NOTE, "the client segments its request", H)
HDLC_LLC = _kind("hdlc.llc", ERROR, "LLC header {0} where {1} is expected", H)
HDLC_LLC_Q = _kind("hdlc.llc-q", WARN, "LLC quality octet is 0x{0:02X}, not 0", H)
HDLC_NDM_DATA = _kind("hdlc.ndm-data", ERROR, "{0} on a link that is not open", H)
HDLC_SNRM_NRM = _kind("hdlc.snrm-nrm", WARN, "SNRM on an open link: link and association start again", H)
HDLC_NO_RESP = _kind(
    "hdlc.no-resp", WARN, "no answer to the {0} with P = 1 in frame {1} before the client's next frame", H
)
HDLC_DM = _kind("hdlc.dm", WARN, "server is disconnected (DM): {0}", H)
HDLC_FRMR = _kind("hdlc.frmr", WARN, "frame rejected: {0}", H)
HDLC_AFTER_FRMR = _kind("hdlc.after-frmr", ERROR, "{0} after FRMR without a new SNRM", H)
HDLC_TURN = _kind("hdlc.turn", ERROR, "server sends without having the turn", H)
HDLC_UI_RESP = _kind("hdlc.ui-resp", ERROR, "answer to a request that was sent in UI", H)
HDLC_PUSH_LONG = _kind("hdlc.push-long", WARN, "push does not fit one UI frame", H)
HDLC_AA_LINK = _kind("hdlc.aa-link", WARN, "{0}", H)
HDLC_T_OCTET = _kind("hdlc.t-octet", WARN, "inter-octet gap of {0:.1f} ms inside a frame, limit {1:.1f} ms", H)
HDLC_T_RESP = _kind("hdlc.t-resp", WARN, "response after {0:.1f} ms, limit {1:.1f} ms", H)
HDLC_T_INACT = _kind("hdlc.t-inact", WARN, "link silent for {0:.1f} s, inactivity time-out {1:.1f} s", H)
HDLC_MISSED = _kind(
    "hdlc.missed", NOTE, "the answer to frame {0} is not in the capture: this frame shows that it came", H
)
HDLC_TWO_CLIENTS = _kind("hdlc.two-clients", NOTE, "clients {0} and {1} interleave on server {2}", H)
HDLC_NOISE = _kind("hdlc.noise", NOTE, "{0} octets outside any frame", H)
HDLC_FILL = _kind("hdlc.fill", NOTE, "{0} flags between frames (idle fill)", H)
HDLC_ECHO = _kind("hdlc.echo", NOTE, "echo of frame {0} (the tap hears the sender's own octets)", H)
HDLC_HABIT = _kind("hdlc.habit", NOTE, "{0} (a known habit of {1})", H)

# --- text messages on a line (IEC 62056-21, P1) ---------------------------------------------------
S = "IEC 62056-21"
IEC21_TRUNC = _kind("iec62056-21.trunc", ERROR, "{0} needs {1} octets, {2} are there", S)
IEC21_START = _kind("iec62056-21.start", ERROR, "octet 0x{0:02X} begins no message", S)
IEC21_NOISE = _kind("iec62056-21.noise", NOTE, "{0} octets that form no message", S)
IEC21_BCC = _kind("iec62056-21.bcc", ERROR, "block check character {0:02X}, computed {1:02X}", S)
IEC21_BCC_MISSING = _kind("iec62056-21.bcc-missing", WARN, "no ETX and block check character behind the data", S)
IEC21_CRC = _kind("iec62056-21.crc", ERROR, "CRC16 of the telegram {0}, computed {1:04X}", "DSMR P1")
IEC21_CRC_FORM = _kind("iec62056-21.crc-form", NOTE, "CRC16 {0} is not written in four digits", "DSMR P1")
IEC21_PARITY = _kind("iec62056-21.parity", ERROR, "{0} of {1} characters break {2} parity: octets {3}", S)
IEC21_PARITY_ODD = _kind("iec62056-21.parity-odd", NOTE, "odd parity (7O1) where even is specified", S)
IEC21_CHARACTER = _kind("iec62056-21.character", WARN, "{0} control characters in the text, the first is 0x{1:02X}", S)
IEC21_LONG = _kind("iec62056-21.long", WARN, "{0} of {1} characters, {2} are allowed", S)
IEC21_LINE = _kind("iec62056-21.line", NOTE, "line of {0} characters, {1} are usual", S)
IEC21_LINE_END = _kind("iec62056-21.line-end", NOTE, "line ends with {0} where CR LF is specified", S)
IEC21_SYNTAX = _kind("iec62056-21.syntax", WARN, "{0}", S)
IEC21_BAUD = _kind("iec62056-21.baud", WARN, "baud rate character {0!r} is reserved", S)
IEC21_OPTION = _kind("iec62056-21.option", WARN, "{0} {1!r} is not defined", S)
IEC21_COMMAND = _kind("iec62056-21.command", WARN, "command message {0!r} is not defined", S)
IEC21_NAK = _kind("iec62056-21.nak", WARN, "the other side refuses the message before (NAK)", S)
IEC21_ERROR = _kind("iec62056-21.error", WARN, "the device reports an error: {0}", S)
IEC21_PASSWORD = _kind("iec62056-21.password", WARN, "password visible in clear", S)

# --- M-Bus (EN 13757-2) ----------------------------------------------------------------------------
M = "EN 13757-2"
MBUS_TRUNC = _kind("mbus.trunc", ERROR, "{0} needs {1} octets, {2} left", M)
MBUS_START = _kind("mbus.start", ERROR, "start octets 0x{0:02X} and 0x{1:02X} where 68 is expected", M)
MBUS_LENGTH = _kind("mbus.length", ERROR, "length {0}: {1}", M)
MBUS_CHECKSUM = _kind("mbus.checksum", ERROR, "checksum 0x{0:02X}, computed 0x{1:02X}", M)
MBUS_STOP = _kind("mbus.stop", ERROR, "octet 0x{0:02X} where the stop octet 16 is expected", M)

# --- application layer (IEC 62056-5-3) -----------------------------------------------------------
A = "IEC 62056-5-3"
BER_TRUNC = _kind("ber.trunc", ERROR, "{0} needs {1} octets, {2} left", "ISO/IEC 8825-1")
BER_LENGTH = _kind("ber.length", ERROR, "BER length of {0} octets is not supported here: {1}", "ISO/IEC 8825-1, 8.1.3")
BER_LONG_FORM = _kind(
    "ber.long-form", NOTE, "length {0} in {1} octets where fewer would do: legal BER", "ISO/IEC 8825-1, 8.1.3"
)
BER_TAG = _kind("ber.tag", WARN, "unexpected tag 0x{0:02X} in {1}", "ISO/IEC 8825-1")
BER_ORDER = _kind("ber.order", NOTE, "{0} stands out of order", "ISO/IEC 8650-1")
BER_VALUE = _kind("ber.value", WARN, "{0}: {1}", "ISO/IEC 8650-1")
APDU_TAG = _kind("apdu.tag", ERROR, "tag 0x{0:02X} {1}", A)
APDU_CHOICE = _kind("apdu.choice", ERROR, "choice {0} of {1} is not defined", A)
APDU_UNDISSECTED = _kind("apdu.undissected", NOTE, "{0} is named but not dissected", A)
APDU_TRUNC = _kind("apdu.trunc", ERROR, "{0} needs {1} octets, {2} left", A)
APDU_TRAIL = _kind("apdu.trail", WARN, "{0} octets after the end of the APDU", A)
APDU_SIZE = _kind("apdu.size", ERROR, "APDU of {0} octets, the receiver announced {1}", A)
APDU_VERSION = _kind("apdu.version", WARN, "DLMS version {0}, not 6", A)
APDU_CONF = _kind("apdu.conf", ERROR, "{0}", A)
APDU_VALUE = _kind("apdu.value", WARN, "{0}: {1}", A)
APDU_VAA = _kind("apdu.vaa", WARN, "VAA name 0x{0:04X} does not fit {1} referencing", A)
APDU_NOAA = _kind("apdu.noaa", ERROR, "{0} before an association was accepted", A)
APDU_MIDSTREAM = _kind(
    "apdu.mid-association", NOTE, "the capture starts inside this association: what was agreed is not known", A
)
APDU_AARE_MISMATCH = _kind("apdu.aare-mismatch", WARN, "AARE accepts with {0} where the AARQ asked for {1}", A)
APDU_HLS_ORDER = _kind("apdu.hls-order", ERROR, "{0} before the HLS authentication was finished", A)
APDU_HLS_LEN = _kind("apdu.hls-len", ERROR, "challenge {0}", A)
APDU_INVOKE = _kind("apdu.invoke", ERROR, "invoke id {0}: {1}", A)
APDU_UNCONF_RESP = _kind("apdu.unconf-resp", ERROR, "answer to an unconfirmed {0}", A)
APDU_RESP_TYPE = _kind("apdu.resp-type", ERROR, "{0} does not answer {1}", A)
APDU_BLOCK = _kind("apdu.block", ERROR, "block transfer: {0}", A)
APDU_BLOCK_ABORT = _kind("apdu.block-abort", WARN, "block transfer aborted: {0}", A)
APDU_BLOCK_MISSING = _kind("apdu.block-missing", WARN, "block transfer: {0}", A)
APDU_BLOCK_REPEAT = _kind("apdu.block-repeat", NOTE, "block transfer: {0}", A)
GBT_GAP = _kind("apdu.gbt-gap", ERROR, "general block transfer: {0}", A)
GBT_ACK = _kind("apdu.gbt-ack", ERROR, "general block transfer: {0}", A)
GBT_WINDOW = _kind("apdu.gbt-window", ERROR, "{0} blocks in a row, the receiver accepts {1}", A)
GBT_SIZE = _kind("apdu.gbt-size", ERROR, "block of {0} octets, the receiver announced {1}", A)
GBT_NOT_NEGOTIATED = _kind("apdu.gbt-not-negotiated", ERROR, "general block transfer was not negotiated", A)
GBT_MISSING_LAST = _kind("apdu.gbt-missing-last", ERROR, "general block transfer without its last block: {0}", A)
GBT_STREAMING = _kind("apdu.gbt-streaming", ERROR, "last block with the streaming bit in a confirmed exchange", A)
GBT_PUSH = _kind("apdu.gbt-streaming-push", NOTE, "GBT streaming bit in unconfirmed push (a known habit of pushes)", A)
GBT_ORDER = _kind("apdu.gbt-order", NOTE, "block {0} came after block {1}", A)
GBT_REPEAT = _kind("apdu.gbt-repeat", NOTE, "block {0} was sent again", A)
GBT_CHANGED = _kind("apdu.gbt-changed", ERROR, "block {0} was sent again with other octets", A)
GBT_LOST = _kind("apdu.gbt-lost", NOTE, "block {0} of {1} was acknowledged: the rest is to be sent again", A)
GBT_ABORT = _kind("apdu.gbt-abort", WARN, "general block transfer aborted: {0}", A)
APDU_ERR = _kind("apdu.err", NOTE, "{0}", A)
APDU_DATA = _kind("apdu.data", ERROR, "Data: {0}", A)
APDU_DATA_PADDING = _kind("apdu.data-padding", NOTE, "unused bits of the bit string are not zero", A)
APDU_DATETIME = _kind("apdu.datetime", WARN, "date-time: {0}", A)
APDU_NOTIFICATION_TIME = _kind(
    "apdu.notification-time", NOTE, "Data tag 09 before the date-time: some meters write it", A
)
APDU_CIPH_CLEAR = _kind("apdu.ciph-clear", WARN, "{0} in clear in a ciphered context", A)
APDU_CIPH_SC = _kind("apdu.ciph-sc", ERROR, "security control 0x{0:02X}: {1}", A)
APDU_CIPH_IC = _kind("apdu.ciph-ic", ERROR, "invocation counter {0} of {1}: {2}", A)
APDU_CIPH_TAG = _kind("apdu.ciph-tag", ERROR, "authentication tag wrong: {0}", A)
APDU_CIPH_MIRROR = _kind("apdu.ciph-mirror", WARN, "response protected as {0}, its request as {1}", A)
APDU_ST = _kind("apdu.st", WARN, "system title {0}: {1}", A)
APDU_LLS_CLEAR = _kind("apdu.lls-clear", WARN, "password visible in clear", A)
APDU_PUSH = _kind("apdu.push", NOTE, "{0} outside an association (usual for push)", A)
APDU_ROLE = _kind("apdu.role", WARN, "client {0} ({1}): {2}", A)

# --- security (IEC 62056-5-3, 5.3 to 5.7) -----------------------------------------------------------
SECURITY_KEY_CLEAR = _kind("security.key-clear", WARN, "{0} in clear", A)
SECURITY_LLS = _kind("security.lls", WARN, "low level security (password) over {0}", A)
SECURITY_ZERO_TAG = _kind("security.zero-tag", WARN, "authentication bit set, but the authentication tag is empty", A)
SECURITY_SUITE = _kind("security.suite", WARN, "security suite {0}, agreed was suite {1}", A)
SECURITY_KNOWN_KEY = _kind("security.known-key", WARN, "{0} is a well-known key ({1})", A)
SECURITY_COUNTER_RESET = _kind(
    "security.counter-reset", WARN, "invocation counter of {0} starts again at {1} after {2}", A
)
SECURITY_SIGNATURE = _kind("security.signature", ERROR, "digital signature: {0}", A)
SECURITY_HLS = _kind("security.hls", ERROR, "HLS pass {0}: {1}", A)
SECURITY_KEY_TRANSFER = _kind("security.key-transfer", NOTE, "key transfer: {0}", A)

# --- COSEM objects (IEC 62056-6-2) ----------------------------------------------------------------
C = "IEC 62056-6-2"
COSEM_CLASS = _kind("cosem.class", WARN, "class {0} is not in the catalogue", C)
COSEM_ATTR = _kind("cosem.attr", WARN, "class {0} has no attribute {1}", C)
COSEM_METHOD = _kind("cosem.method", WARN, "class {0} has no method {1}", C)
COSEM_TYPE = _kind("cosem.type", WARN, "attribute {1} of class {0} is {2}, expected {3}", C)
COSEM_OBIS_CLASS = _kind("cosem.obis-class", WARN, "{0} is not an object of class {1}", C)
COSEM_OBIS_RES = _kind("cosem.obis-res", NOTE, "{0} lies in a reserved range", C)
COSEM_SCALE = _kind("cosem.scale", NOTE, "scaler and unit of {0} were not seen: raw value", C)
COSEM_UNIT = _kind("cosem.unit", WARN, "unit {0} is reserved", C)
COSEM_ACCESS = _kind("cosem.access", WARN, "{0} of {1}: the object list allows {2}", C)
COSEM_OBJECT = _kind("cosem.object", WARN, "{0} of class {1} is not in the object list of this association", C)
COSEM_SN = _kind("cosem.sn", NOTE, "short name {0} lies outside the objects of the object list", C)

# --- stages ---------------------------------------------------------------------------------------
STAGE_BOUND = _kind("stage.bound", WARN, "{0}: more than {1} held back, the oldest was given up")
PROFILE_NONE = _kind("profile.none", NOTE, "matches no profile: {0}")
PROFILE_LIMIT = _kind("profile.limit", WARN, "{0} announces {1}, the profile permits {2}")
EOF_PENDING = _kind("stage.unfinished", WARN, "the capture ends in the middle of {0}")
