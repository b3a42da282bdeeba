"""Network interfaces: what is said where they cannot be captured from. Packets themselves: test_recorder.py."""

import shutil
import subprocess
import sys
from typing import Any

import pytest

from captures import interface
from captures.interface import IpCapture, interfaces, word
from captures.spec import IpSpec
from dissectors.errors import CaptureError, UsageError
from dissectors.record import Flag


class Refusing:
    """A dumpcap that says this and ends."""

    def __init__(self, *said: str) -> None:
        self.said = said

    def __call__(self, *given: Any, **options: Any) -> "subprocess.Popen[bytes]":
        code = f"import sys; print({chr(10).join(self.said)!r}, file=sys.stderr); sys.exit(1)"
        return POPEN([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE)


POPEN = subprocess.Popen


@pytest.mark.parametrize(
    ("said", "error", "words"),
    [
        ('You do not have permission to capture on device "eth0".', CaptureError, "expected root, membership"),
        ("Invalid capture filter \"x\" for interface 'lo'.", UsageError, "is none of libpcap"),
        ('There is no device named "eth9".', CaptureError, r"no device named .*\(interfaces: "),
    ],
)
def test_what_dumpcap_refuses(monkeypatch: pytest.MonkeyPatch, said: str, error: type[Exception], words: str) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(subprocess, "Popen", Refusing("Capturing on 'lo'", said))
    with pytest.raises(error, match=words):
        IpCapture(IpSpec(("eth9",), filter="x"))


def test_without_dumpcap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(CaptureError, match="is not on the path"):
        IpCapture(IpSpec(("lo",), by="dumpcap"))
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(CaptureError, match="wants dumpcap on the path"):
        IpCapture(IpSpec(("lo",)))


def test_a_raw_socket_without_the_right(monkeypatch: pytest.MonkeyPatch) -> None:
    from scapy.arch import linux

    def refuse(**options: Any) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(linux, "L2ListenSocket", refuse)
    with pytest.raises(CaptureError, match="no right to capture packets"):
        IpCapture(IpSpec(("lo",), by="scapy"))


def test_interfaces_and_directions() -> None:
    assert interfaces()
    assert [word(int(flag)) for flag in (Flag.SENT, Flag.RECEIVED, Flag(0))] == [2, 1, 0]
    assert interface.SNAP_OCTETS == 262_144
