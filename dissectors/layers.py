"""LAYERS: every layer, explicitly, by the name that inner() and descriptors use."""

from collections.abc import Mapping

import msgspec

from dissectors import apdus
from dissectors.layer import Layer
from dissectors.link import hdlc, iec62056_21, llc, mbus, packets, wrapper

# What the layers below call an APDU: reported as acse or xdlms by its tag.
APDU = msgspec.structs.replace(apdus.LAYER, called=lambda octets: apdus.layer_of(octets).name)

LAYERS: Mapping[str, Layer] = {
    **packets.LAYERS,  # Ethernet … TCP, tunnels, exported PDUs
    "wrapper": wrapper.LAYER,
    "hdlc": hdlc.LAYER,
    "llc": llc.LAYER,
    "mbus": mbus.LAYER,
    "iec62056-21": iec62056_21.LAYER,
    "apdu": APDU,
    "xdlms": APDU,
    "acse": APDU,
}
