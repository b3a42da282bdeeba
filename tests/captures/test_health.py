"""The recorder's state in a line."""

from captures.health import Health, WireHealth, size


def test_line() -> None:
    wires = (WireHealth("ttyUSB0", 1234, framing=2, baud=9600), WireHealth("ttyUSB1", 5, baud=300, gone="unplugged"))
    health = Health("a", (), 12, 3400, packets=7, dropped=1, queue=500, disk_free=82_400_000_000, wires=wires)
    assert health.line() == (
        "12 records; 3.4 kB written; ttyUSB0 9600 Bd 1234 octets, 2 framing; ttyUSB1 gone 5 octets; "
        "7 packets, 1 dropped; 500 waiting; 82.4 GB free"
    )


def test_sizes() -> None:
    assert [size(n) for n in (0, 999, 1000, 123_456, 5_000_000)] == [
        "0 octets",
        "999 octets",
        "1.0 kB",
        "123 kB",
        "5.0 MB",
    ]
