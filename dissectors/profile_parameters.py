"""Parameters of layers in a profile, [layers.NAME]: one struct a layer, checked strictly on load.

Each parameter is a plain value (the default, no range) or a table {default, min, max, values, unit,
negotiated_by, mirrors}. Ranges that the standards fix for a parameter are declared here and hold
for every profile; a profile may narrow them.
"""

from typing import Annotated, Any

import msgspec
from msgspec import Meta

Scalar = int | bool | str


class Parameter(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """default until something else is agreed; min to max or values: what may be agreed or announced.
    enumerated: the attribute that configures it holds the index into values.

    negotiated_by: what replaces the default on the line ("SNRM/UA", "SYN"). mirrors: the COSEM
    attribute that configures it, "23.5" for class 23, attribute 5, in the same unit."""

    default: Scalar | None = None
    min: int | None = None
    max: int | None = None
    values: tuple[Scalar, ...] = ()
    enumerated: bool = False
    unit: str = ""
    negotiated_by: str = ""
    mirrors: Annotated[str, Meta(pattern=r"^(\d{1,5}\.\d{1,3})?$")] = ""
    text: str = ""

    def permits(self, value: int | str) -> bool:
        """Whether a value that is announced or agreed lies in the permitted range (an index, where enumerated)."""
        if self.enumerated:
            return value in self.values or (isinstance(value, int) and 0 <= value < len(self.values))
        if self.values and value not in self.values:
            return False
        if isinstance(value, str):
            return True
        return (self.min is None or value >= self.min) and (self.max is None or value <= self.max)

    def announced(self, value: int) -> Scalar | None:
        """The parameter that an announced attribute value stands for; None outside of what is permitted."""
        if self.enumerated:
            return self.values[value] if 0 <= value < len(self.values) else None
        return value if self.permits(value) else None


Number = Parameter | int | None
Text = Parameter | str | None
Choice = Parameter | bool | None


class LayerParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Base: what every layer may say of itself."""

    text: str = ""
    standard: str = ""
    clause: str = ""

    def items(self) -> dict[str, Parameter]:
        """The parameters that the profile states, plain values as a Parameter with that default."""
        found: dict[str, Parameter] = {}
        for name in self.__struct_fields__:
            value: Any = getattr(self, name)
            if name in ("text", "standard", "clause") or value is None:
                continue
            found[name] = value if isinstance(value, Parameter) else Parameter(default=value)
        return found


class PhysicalParameters(LayerParameters, frozen=True, kw_only=True):
    """medium, half or full duplex, rates in Bd, character format ("8N1"), bits of one character on the line."""

    medium: Text = None
    duplex: Text = None
    baud: Number = None
    character_format: Text = None
    character_bits: Number = None
    start_baud: Number = None
    slot_us: Number = None
    symbol_us: Number = None
    preamble: Text = None
    frequency_hz: Number = None


class HdlcParameters(LayerParameters, frozen=True, kw_only=True):
    """IEC 62056-46. Sizes in octets of the information field; tx and rx as the server sees them."""

    max_info_tx: Number = None
    max_info_rx: Number = None
    window_tx: Number = None
    window_rx: Number = None
    modulus: Number = None
    inter_octet_ms: Number = None
    inactivity_s: Number = None
    response_timeout_ms: Number = None
    interframe_timeout_ms: Number = None
    max_retries: Number = None
    echo_ms: Number = None
    frame_format_type: Number = None
    check_sequence: Text = None
    stuffing: Choice = None
    device_address: Number = None
    segmentation: Text = None
    ui_segmentation: Choice = None
    without_link: Choice = None


class LlcParameters(LayerParameters, frozen=True, kw_only=True):
    """LLC sublayer in front of an APDU: destination and source LSAP, control or quality octet."""

    destination_lsap: Number = None
    broadcast_lsap: Number = None
    source_lsap_client: Number = None
    source_lsap_server: Number = None
    quality: Number = None


class WrapperParameters(LayerParameters, frozen=True, kw_only=True):
    """IEC 62056-4-7 wrapper: version and APDU length in octets."""

    version: Number = None
    length: Number = None
    per_datagram: Number = None


class TcpParameters(LayerParameters, frozen=True, kw_only=True):
    """Ports, maximum segment size in octets, simultaneous connections, inactivity time-out in s."""

    port: Number = None
    mss: Number = None
    connections: Number = None
    inactivity_timeout_s: Number = None
    keep_alive_s: Number = None


class UdpParameters(LayerParameters, frozen=True, kw_only=True):
    """Port and largest datagram payload in octets."""

    port: Number = None
    max_payload: Number = None


class IpParameters(LayerParameters, frozen=True, kw_only=True):
    """IP version and largest packet in octets."""

    version: Number = None
    mtu: Number = None


class SignOnParameters(LayerParameters, frozen=True, kw_only=True):
    """IEC 62056-21: modes, start rate, reaction times."""

    mode: Text = None
    start_baud: Number = None
    reaction_min_ms: Number = None
    reaction_max_ms: Number = None
    inter_character_ms: Number = None
    inactivity_timeout_s: Number = None
    echo_at_new_rate: Choice = None
    device_address: Text = None
    check_sequence: Text = None


class MbusParameters(LayerParameters, frozen=True, kw_only=True):
    """EN 13757-2 link and IEC 62056-7-3: segment size in octets, repeats, acknowledgement."""

    max_user_data: Number = None
    max_segment: Number = None
    max_segments: Number = None
    repeats: Number = None
    acknowledge: Choice = None
    check_sequence: Text = None
    primary_address: Number = None
    ci_first: Number = None
    ci_last: Number = None


class P1Parameters(LayerParameters, frozen=True, kw_only=True):
    """DSMR P1 telegram: period in s, check sequence."""

    period_s: Number = None
    check_sequence: Text = None
    pause_ms: Number = None


class XdlmsParameters(LayerParameters, frozen=True, kw_only=True):
    """xDLMS: largest APDU in octets that each side announces, version."""

    client_max_pdu: Number = None
    server_max_pdu: Number = None
    dlms_version: Number = None
    nesting: Number = None


PARAMETERS: dict[str, type[LayerParameters]] = {
    "physical": PhysicalParameters,
    "hdlc": HdlcParameters,
    "llc": LlcParameters,
    "wrapper": WrapperParameters,
    "tcp": TcpParameters,
    "udp": UdpParameters,
    "ip": IpParameters,
    "iec62056-21": SignOnParameters,
    "mbus": MbusParameters,
    "p1": P1Parameters,
    "xdlms": XdlmsParameters,
}
CARRIERS = ("ethernet", "ip", "tcp", "udp")
LAYER_NAMES = frozenset(PARAMETERS) - {"physical"} | {"ethernet", "wmbus", "gateway", "coap"}
