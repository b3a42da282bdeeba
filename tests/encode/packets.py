"""Packets made by scapy, an encoder that knows nothing of our dissectors: name → (LINKTYPE number, octets).

All carry PAYLOAD from HOSTS and PORTS, in TCP where the name says so, else in UDP.
"""

from typing import Any

from encode.wrapper import pdu
from scapy.contrib.gtp import GTP_U_Header, GTPPDUSessionContainer
from scapy.layers.inet import IP, TCP, UDP, IPOption_Router_Alert
from scapy.layers.inet6 import (
    IPv6,
    IPv6ExtHdrDestOpt,
    IPv6ExtHdrFragment,
    IPv6ExtHdrHopByHop,
    IPv6ExtHdrRouting,
)
from scapy.layers.ipsec import AH
from scapy.layers.l2 import GRE, GRE_PPTP, LLC, SNAP, CookedLinux, CookedLinuxV2, Dot1AD, Dot1Q, Dot3, Ether, Loopback
from scapy.layers.l2tp import L2TP
from scapy.layers.ppp import PPP, PPPoE
from scapy.packet import Raw

PAYLOAD = pdu(bytes.fromhex("C001C100030100010800FF0200"))
HOSTS4 = ("192.0.2.1", "198.51.100.2")
HOSTS6 = ("2001:db8::1", "2001:db8::2")
PORTS = (50000, 4059)
RAW, ETHERNET = 101, 1


def ip4(**more: Any) -> Any:
    return IP(src=HOSTS4[0], dst=HOSTS4[1], **more)


def ip6() -> Any:
    return IPv6(src=HOSTS6[0], dst=HOSTS6[1])


def udp() -> Any:
    return UDP(sport=PORTS[0], dport=PORTS[1]) / Raw(PAYLOAD)


def tcp(**more: Any) -> Any:
    return TCP(sport=PORTS[0], dport=PORTS[1], seq=77, ack=99, flags="PA", window=501, **more) / Raw(PAYLOAD)


def ether() -> Any:
    return Ether(src="00:11:22:33:44:55", dst="66:77:88:99:aa:bb")


def outer(protocol: Any) -> Any:
    return IP(src="10.9.9.1", dst="10.9.9.2") / protocol


def gtp(**more: Any) -> Any:
    return outer(UDP(sport=2152, dport=2152)) / GTP_U_Header(teid=1, gtp_type=255, **more)


_L2TP = outer(UDP(sport=1701, dport=1701)) / L2TP(hdr="length", tunnel_id=2, session_id=3)
_MADE: dict[str, tuple[int, Any]] = {
    "ethernet": (ETHERNET, ether() / ip4() / udp()),
    "ethernet-tcp": (ETHERNET, ether() / ip4() / tcp()),
    "tcp-options": (
        ETHERNET,
        ether() / ip4() / tcp(options=[("NOP", None), ("MSS", 1400), ("Timestamp", (1, 2))]),
    ),
    "vlan": (ETHERNET, ether() / Dot1Q(vlan=7) / ip4() / udp()),
    "q-in-q": (ETHERNET, ether() / Dot1AD(vlan=100) / Dot1Q(vlan=7) / ip6() / udp()),
    "snap": (ETHERNET, Dot3(src="00:11:22:33:44:55", dst="66:77:88:99:aa:bb") / LLC() / SNAP() / ip4() / udp()),
    "pppoe": (ETHERNET, ether() / PPPoE(sessionid=9) / PPP() / ip4() / udp()),
    "options": (RAW, ip4(options=[IPOption_Router_Alert()]) / udp()),
    "ipv6": (229, ip6() / udp()),
    "ipv6-tcp": (229, ip6() / tcp()),
    "extensions": (
        RAW,
        ip6()
        / IPv6ExtHdrHopByHop()
        / IPv6ExtHdrRouting(addresses=["2001:db8::9"])
        / IPv6ExtHdrFragment(id=3)
        / AH(nh=60, payloadlen=4, spi=1, seq=2, icv=b"i" * 12)
        / IPv6ExtHdrDestOpt()
        / udp(),
    ),
    "ah": (228, ip4(proto=51) / AH(nh=17, payloadlen=4, spi=1, seq=2, icv=b"i" * 12) / udp()),
    "sll": (113, CookedLinux(pkttype=4, lladdrtype=1, lladdrlen=6, src=b"\x01" * 6, proto=0x0800) / ip4() / udp()),
    "sll2": (276, CookedLinuxV2(proto=0x86DD, ifindex=2, lladdrtype=1, lladdrlen=6, src=b"\x01" * 8) / ip6() / udp()),
    "null": (0, Loopback(type=2) / ip4() / udp()),
    "gre": (RAW, outer(GRE()) / ip4() / udp()),
    "gre-all": (RAW, outer(GRE(chksum_present=1, key_present=1, key=5, seqnum_present=1)) / ip6() / udp()),
    "gre-ethernet": (RAW, outer(GRE(proto=0x6558)) / ether() / ip4() / udp()),
    "pptp": (RAW, outer(GRE_PPTP(seqnum_present=1, acknum_present=1, ack_number=4, call_id=3)) / PPP() / ip4() / udp()),
    "ip-in-ip": (RAW, outer(ip4() / udp())),
    "6in4": (RAW, outer(ip6() / tcp())),
    "gtp-u": (RAW, gtp() / ip4() / udp()),
    "gtp-u-extension": (
        RAW,
        gtp(S=1, seq=4, E=1, next_ex=0x85) / GTPPDUSessionContainer(QFI=9) / ip4() / udp(),
    ),
    "l2tp": (RAW, _L2TP / Raw(b"\xff\x03\x00\x21" + bytes(ip4() / udp()))),
}
_PPP4 = bytes(ip4() / udp())
_PPP6 = bytes(ip6() / udp())

SAMPLES: dict[str, tuple[int, bytes]] = {name: (link, bytes(packet)) for name, (link, packet) in _MADE.items()}
SAMPLES |= {
    "raw-ip-12": (12, _PPP4),
    "raw-ip-14": (14, _PPP6),
    "null-big-endian": (0, b"\0\0\0\x02" + _PPP4),
    "null-macos-ipv6": (0, b"\x1e\0\0\0" + _PPP6),
    "loop": (108, b"\0\0\0\x18" + _PPP6),
    "ppp": (9, b"\x00\x21" + _PPP4),
    "ppp-address": (50, b"\xff\x03\x00\x21" + _PPP4),
    "ppp-compressed": (9, b"\x21" + _PPP4),
    "ppp-address-compressed": (9, b"\xff\x03\x57" + _PPP6),
    "ppp-direction": (204, b"\x01\xff\x03\x00\x57" + _PPP6),
    "ethernet-padded": (ETHERNET, SAMPLES["ethernet"][1] + b"\xee" * 7),
}
