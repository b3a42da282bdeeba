"""Addressing: who talks to whom, named by the descriptor in force; an edited descriptor changes what is said."""

import json
from pathlib import Path

import pytest
from cli_run import run
from encode import acse
from scripts import (
    DOWN,
    GET,
    GOT,
    OPENING,
    UP,
    Link,
    edited_text,
    lines,
    on_line,
    over_hdlc,
    over_tcp,
    over_udp,
    rows_of,
    table,
)

COLUMNS = "profile side address name use host sent received"


def flat(rows: list[str]) -> list[str]:
    return [" ".join(row.split()) for row in rows]


def test_packets() -> None:
    assert flat(table(rows_of(over_udp(*OPENING, (UP, GET), (DOWN, GOT), (UP, GET)), "address"), COLUMNS)) == lines(
        """
        tcp-udp-ip client 16 public client mandatory 10.0.0.1:5000 3 2
        tcp-udp-ip server 1 management logical device mandatory 10.0.1.7:4059 2 3
        """
    )
    assert len(rows_of(over_tcp(*OPENING), "address")) == 2


def test_hdlc_has_the_physical_device() -> None:
    found = rows_of(over_hdlc(*OPENING), "address")
    assert [(row["side"], row["address"], row["sent"], row["received"]) for row in found] == [
        ("client", 16, 2, 2), ("server", 1, 2, 2), ("physical", 17, 0, 4),
    ]  # fmt: skip
    assert found[0]["time_ns"] < found[0]["end_ns"] and found[0]["host"] is None


def test_reserved_and_undefined() -> None:
    found = rows_of(over_udp((UP, GET), client=1, server=2), "address")
    assert [(row["address"], row["use"]) for row in found] == [(1, "reserved"), (2, "reserved")]
    found = rows_of(over_udp((UP, GET), server=0x300), "address")
    assert [(row["address"], row["use"], row["name"]) for row in found][1] == (0x300, "undefined", None)


def test_system_titles() -> None:
    steps = ((UP, acse.aarq(title=b"ABC12345")), (DOWN, acse.aare(title=b"XYZ12345")))
    found = rows_of(over_udp(*steps), "address")
    assert [row["system_title"] for row in found] == [b"ABC12345".hex().upper(), b"XYZ12345".hex().upper()]


# -- an edited descriptor, end to end --------------------------------------------------------------------------


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """The TCP/UDP descriptor with another SAP table, roles and limits."""
    path = tmp_path / "utility.toml"
    text = edited_text(
        "tcp-udp-ip",
        ('name = "tcp-udp-ip"', 'name = "utility"'),
        (
            'sap = 0x0010\nname = "public client"\nuse = "mandatory"',
            'sap = 0x0010\nname = "reading robot"\nuse = "reserved"',
        ),
        ('name = "management logical device"', 'name = "meter core"'),
    )
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def pcap(tmp_path: Path) -> Path:
    return over_udp(*OPENING, (UP, GET), (DOWN, GOT)).save(tmp_path / "a.pcap")


def test_sap_table_of_an_edited_descriptor(own: Path, pcap: Path) -> None:
    def dump(level: str, *words: str) -> list[dict[str, object]]:
        ran = run("dump", pcap, "--level", level, "--format", "jsonl", *words)
        assert ran.code == 0, ran.err
        return [json.loads(line) for line in ran.lines]

    assert [(r["name"], r["use"]) for r in dump("address")] == [
        ("public client", "mandatory"), ("management logical device", "mandatory"),
    ]  # fmt: skip
    mine = ("--profile", str(own))
    assert [(r["profile"], r["name"], r["use"]) for r in dump("address", *mine)] == [
        ("utility", "reading robot", "reserved"), ("utility", "meter core", "mandatory"),
    ]  # fmt: skip
    assert {r["code"] for r in dump("finding")} <= {"cosem.scale"}
    assert {(r["code"], r["text"]) for r in dump("finding", *mine) if r["code"] != "cosem.scale"} == {
        ("wrapper.reserved-wport", "wPort 16 of the client is reserved in profile utility")
    }
    association = dump("association", *mine)[0]
    assert (association["client_name"], association["server_name"]) == ("reading robot", "meter core")


def test_hdlc_addresses_of_an_edited_descriptor(tmp_path: Path) -> None:
    text = edited_text(
        "hdlc", ('sap = 0x10\nname = "public client"\nuse = "mandatory"', 'sap = 0x10\nname = "odd"\nuse = "reserved"')
    )
    path = tmp_path / "line.toml"
    path.write_text(text, encoding="utf-8")
    log = on_line(*Link().up(), link_type=-1).save(tmp_path / "line.hex")
    plain = run("dump", log, "--level", "frame", "--fields", "problems", "--format", "jsonl")
    assert "hdlc.addr-res" not in plain.text
    ran = run("dump", log, "--level", "frame", "--fields", "problems", "--format", "jsonl", "--profile", path)
    assert ran.code == 0 and "hdlc.addr-res" in ran.text and "reserved in profile hdlc" in ran.text


def test_limit_of_an_edited_descriptor(pcap: Path, tmp_path: Path) -> None:
    """A response limit below what the capture shows turns the verdict; the row says where the limit came from."""

    def verdicts(limit: str) -> dict[str, object]:
        rule = (
            '[[application.timing]]\nrule = "app.response"\nkind = "delay"\nsubject = "server"\nmax = "%s"\n'
            'clause = "utility 1"\nseverity = "error"\nconfidence = "A"\n\n'
            '[[application.timing]]\nrule = "tcp.inactivity"'
        )
        path = tmp_path / f"{limit.split()[0]}.toml"
        text = edited_text("tcp-udp-ip")
        first = text.index('[[application.timing]]\nrule = "app.response"') if '\nrule = "app.response"' in text else -1
        if first >= 0:
            after = text.index("\n\n", first)
            text = text[:first] + text[after + 2 :]
        text = text.replace('[[application.timing]]\nrule = "tcp.inactivity"', rule % limit, 1)
        path.write_text(text, encoding="utf-8")
        ran = run("timing", pcap, "--profile", path, "--format", "json")
        assert ran.code == 0, ran.err
        return next(row for row in json.loads(ran.out) if row["rule"] == "app.response" and row["count"])

    loose, tight = verdicts("1 s"), verdicts("5 ms")
    assert (loose["verdict"], loose["limit_max_ns"]) == ("pass", 1_000_000_000)
    assert (tight["verdict"], tight["limit_max_ns"], tight["clause"]) == ("fail", 5_000_000, "utility 1")
    assert loose["profile_sha256"] != tight["profile_sha256"]
