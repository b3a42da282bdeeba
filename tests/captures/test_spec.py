"""Specs of live sources, as people type them."""

import pytest

from captures.spec import IpSpec, SerialSpec, duration, parse
from dissectors.errors import UsageError


@pytest.mark.parametrize(
    ("text", "spec"),
    [
        ("serial:/dev/ttyUSB0", SerialSpec(("/dev/ttyUSB0",))),
        ("serial:/dev/ttyUSB0?baud=find", SerialSpec(("/dev/ttyUSB0",), baud=0)),
        (
            "serial:/dev/a,/dev/b?baud=300&profile=hdlc&signon=no",
            SerialSpec(("/dev/a", "/dev/b"), 300, wiring="pair", profile="hdlc", signon=False),
        ),
        (
            "serial:/dev/a,/dev/b,/dev/c?wiring=separate",
            SerialSpec(("/dev/a", "/dev/b", "/dev/c"), wiring="separate"),
        ),
        (
            "serial:/dev/a?marker=cts:power,dsr:button&marker=ri:relay&format=8e1",
            SerialSpec(("/dev/a",), format="8E1", markers=(("cts", "power"), ("dsr", "button"), ("ri", "relay"))),
        ),
        (
            "serial:/dev/a?hears=client&reopen=yes&duration=2min",
            SerialSpec(("/dev/a",), hears="client", reopen=True, duration_s=120.0),
        ),
        ("ip:eth0", IpSpec(("eth0",))),
        ("ip:eth0,lo?filter=port 4059 && tcp&by=scapy", IpSpec(("eth0", "lo"), "port 4059 && tcp", by="scapy")),
        ("ip:lo?filter=tcp%20port%204059&promiscuous=no", IpSpec(("lo",), "tcp port 4059", promiscuous=False)),
    ],
)  # fmt: skip
def test_specs(text: str, spec: SerialSpec | IpSpec) -> None:
    assert parse(text) == spec


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("serial:", "expected serial:DEVICE"),
        ("udp:eth0", "expected serial:DEVICE"),
        ("ip:,", "expected a network interface"),
        ("serial:/dev/a?baud=12", "expected 50 to 4000000 Bd, or find"),
        ("serial:/dev/a?speed=9600", "expected KEY=VALUE with one of baud"),
        ("serial:/dev/a?format=9X1", "expected one of 8N1"),
        ("serial:/dev/a,/dev/a", "named twice"),
        ("serial:/dev/a,/dev/b,/dev/c", "expected wiring=pair"),
        ("serial:/dev/a,/dev/b,/dev/c?wiring=pair", "two receivers a line"),
        ("serial:/dev/a,/dev/b?wiring=line", "one receiver"),
        ("serial:/dev/a?marker=rts:power", "expected INPUT:NAME"),
        ("serial:/dev/a?duration=soon", "expected a time such as 90s"),
        ("serial:/dev/a?profile=", "is empty"),
        ("ip:lo?filter", "expected KEY=VALUE"),
    ],
)
def test_what_cannot_be_names_what_could(text: str, words: str) -> None:
    with pytest.raises(UsageError, match=words.replace("?", "\\?")) as error:
        parse(text)
    assert str(error.value).startswith(text)


def test_durations() -> None:
    assert [duration(text) for text in ("90", "90s", "1.5h", "10 min", "250ms", "2d")] == [
        90.0, 90.0, 5400.0, 600.0, 0.25, 172800.0,
    ]  # fmt: skip
