"""Roles: each deviation from a descriptor's [[application.role]], told once an association."""

from pathlib import Path

import pytest
from encode import acse
from scripts import DOWN, GET, UP, got, over_udp, rows_of

from dissectors import profile
from dissectors.data_types import Data
from dissectors.profile import Profile

ROLE = """
[[application.role]]
client = 16
name = "public client"
{lines}
"""


@pytest.fixture
def with_role(tmp_path: Path):  # type: ignore[no-untyped-def]
    """A copy of the IP profile whose only role is client 16 with the lines given."""

    def make(lines: str) -> Profile:
        text = profile.builtin()["tcp-udp-ip"].octets.decode()
        head, *rest = text.split("[[application.role]]")
        after = "".join("[" + part.partition("\n[")[2] for part in rest[-1:])
        path = tmp_path / "mine.toml"
        path.write_text(head + ROLE.format(lines=lines) + "\n" + after, encoding="utf-8")
        return profile.load(path)

    return make


OPENING = ((UP, acse.aarq()), (DOWN, acse.aare()))
READS = ((UP, GET), (DOWN, got(Data("unsigned", 1))), (UP, GET), (DOWN, got(Data("unsigned", 1))))


def told(profile_: Profile, *steps: tuple[int, bytes]) -> list[str]:
    found = rows_of(over_udp(*steps), "message", [profile_])
    return [p["text"] for row in found for p in row["problems"] if p["code"] == "apdu.role"]


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ('context = ["sn"]', "context ln where its role permits sn"),
        ('mechanism = ["lls"]', "mechanism none where its role permits lls"),
        ('services = ["association", "set"]', "service get where its role permits association, set"),
        ('conformance = ["read"]', "conformance bit"),
        ("max_pdu = 20", "receives PDUs of"),
    ],
)
def test_each_deviation_once(with_role, lines: str, words: str) -> None:  # type: ignore[no-untyped-def]
    found = told(with_role(lines), *OPENING, *READS)
    assert found and all(words in text for text in found)
    assert len(found) == len(set(found))


def test_what_is_permitted_says_nothing(with_role) -> None:  # type: ignore[no-untyped-def]
    assert told(with_role('context = ["ln"]\nservices = ["get"]\nmechanism = ["none"]'), *OPENING, *READS) == []
    assert told(with_role('servers = [9]\nservices = ["set"]'), *OPENING, *READS) == []  # another server's role
