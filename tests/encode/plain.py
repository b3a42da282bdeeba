"""Ethernet, IPv4, UDP and TCP packets by hand: quick to import, where scapy's second is too long."""

import struct
from ipaddress import ip_address


def checksum(octets: bytes) -> int:
    """The internet checksum of RFC 1071."""
    total = sum(struct.unpack(f"!{(len(octets) + 1) // 2}H", octets + b"\0" * (len(octets) % 2)))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


def ethernet(payload: bytes, kind: int = 0x0800, vlan: int | None = None) -> bytes:
    tag = b"" if vlan is None else struct.pack("!HH", 0x8100, vlan)
    return bytes.fromhex("020000000002020000000001") + tag + struct.pack("!H", kind) + payload


def ipv4(
    protocol: int, payload: bytes, source: str, destination: str, *, ident: int = 1, fragment: int = 0x4000
) -> bytes:
    """fragment: flags and offset in units of eight octets; 0x4000 is don't fragment."""
    ends = ip_address(source).packed + ip_address(destination).packed
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(payload), ident, fragment, 64, protocol, 0) + ends
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + payload


def ipv6(protocol: int, payload: bytes, source: str, destination: str) -> bytes:
    ends = ip_address(source).packed + ip_address(destination).packed
    return struct.pack("!IHBB", 0x60000000, len(payload), protocol, 64) + ends + payload


def sealed(protocol: int, segment: bytes, at: int, source: str, destination: str) -> bytes:
    """With the checksum over pseudo-header and segment put in at this octet."""
    ends = ip_address(source).packed + ip_address(destination).packed
    size = struct.pack("!HH" if len(ends) == 8 else "!II", protocol, len(segment))
    total = checksum(ends + size + segment) or 0xFFFF
    return segment[:at] + struct.pack("!H", total) + segment[at + 2 :]


def udp(payload: bytes, ports: tuple[int, int], hosts: tuple[str, str]) -> bytes:
    segment = struct.pack("!HHHH", *ports, 8 + len(payload), 0) + payload
    return sealed(17, segment, 6, *hosts)


SYN, FIN, RST, PSH, ACK = 2, 1, 4, 8, 16


def tcp(
    payload: bytes, ports: tuple[int, int], hosts: tuple[str, str], seq: int, ack: int = 0, flags: int = PSH | ACK
) -> bytes:
    segment = struct.pack("!HHIIBBHHH", *ports, seq & 0xFFFFFFFF, ack & 0xFFFFFFFF, 0x50, flags, 8192, 0, 0) + payload
    return sealed(6, segment, 16, *hosts)


def packet(protocol: int, segment: bytes, hosts: tuple[str, str], vlan: int | None = None, **more: int) -> bytes:
    """A whole Ethernet packet, by the form of the hosts IPv4 or IPv6."""
    if ":" in hosts[0]:
        return ethernet(ipv6(protocol, segment, *hosts), 0x86DD, vlan)
    return ethernet(ipv4(protocol, segment, *hosts, **more), 0x0800, vlan)
