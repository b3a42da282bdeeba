"""How fast captures are read: our pcap and pcapng readers against scapy's raw readers, in one run on one machine.

    python benchmarks/capture_read.py [packets]

Prints packets per second of CPU time and the ratio to scapy. Ours gives Records, scapy octets with their header.
"""

import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from scapy.utils import RawPcapNgReader, RawPcapReader  # noqa: E402

from captures.pcap import PcapWriter  # noqa: E402
from captures.pcapng_write import PcapngWriter  # noqa: E402
from captures.source import open_source  # noqa: E402

START = 1_700_000_000_000_000_000
ROUNDS = 3


def rate(read: Callable[[], Iterable[object]], packets: int) -> float:
    """Packets per second of CPU time: the best of some rounds."""
    best = 0.0
    for _ in range(ROUNDS):
        begun = time.process_time()
        count = sum(1 for _ in read())
        assert count == packets, count
        best = max(best, packets / (time.process_time() - begun))
    return best


def main() -> None:
    packets = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    with tempfile.TemporaryDirectory() as folder:
        pcap, pcapng = Path(folder, "a.pcap"), Path(folder, "a.pcapng")
        with pcap.open("wb") as old, pcapng.open("wb") as new:
            writer, ng = PcapWriter(old, 1), PcapngWriter(new)
            ng.interface(1)
            for n in range(packets):
                octets = bytes(60 + n % 90)
                writer.write(START + n * 1000, octets)
                ng.packet(0, START + n * 1000, octets)
        pairs = [("pcap", pcap, RawPcapReader), ("pcapng", pcapng, RawPcapNgReader)]
        for name, path, scapy in pairs:
            ours = rate(lambda path=path: open_source(str(path)), packets)
            theirs = rate(lambda path=path, scapy=scapy: scapy(str(path)), packets)
            print(f"{name:7} ours {ours:10,.0f}/s   scapy {theirs:10,.0f}/s   ratio {ours / theirs:.1f}")


if __name__ == "__main__":
    main()
