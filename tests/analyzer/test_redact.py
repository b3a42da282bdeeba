"""--redact: nothing that tells whose meter it is, and the same pseudonym for the same thing."""

import json
from pathlib import Path

import pytest
from cli_run import run

from analyzer.redact import Redactor

DEMO = Path(__file__).resolve().parents[2] / "captures" / "demo"
TOLD = (b"127.0.0.1", b"CSC0000000000001", b"435343303030303030303030303031", b"DEMO-METER-1", b"4845530000000001")


@pytest.mark.parametrize("level", ["message", "frame", "exchange", "finding", "association", "address", "object"])
@pytest.mark.parametrize("format", ["jsonl", "csv", "text"])
@pytest.mark.parametrize("name", ["wrapper-tcp.pcapng", "wrapper-tcp-ciphered.pcapng"])
def test_nothing_is_told(level: str, format: str, name: str) -> None:
    keys = ("--keys", DEMO / "keys.toml") if "ciphered" in name else ()
    words = ("dump", DEMO / name, "--level", level, "--format", format, *keys)
    plain, hidden = run(*words), run(*words, "--redact")
    assert plain.code == hidden.code == 0
    assert len(plain.lines) <= len(hidden.lines) <= len(plain.lines) + 1  # text gets a header
    for real in TOLD:
        assert real not in hidden.out, real
    if level in ("message", "association") and format == "jsonl":
        assert any(real in plain.out for real in TOLD)


def test_values_and_times_stay() -> None:
    rows = [json.loads(x) for x in run("dump", DEMO / "wrapper-tcp.pcapng", "--format", "jsonl", "--redact").lines]
    assert any(row["text"] == "230.4 V" for row in rows)
    assert {row["client_address"].partition(":")[0] for row in rows} == {"host-1"}
    assert all(row["time_ns"] for row in rows)


def test_explain_names_no_host() -> None:
    ran = run("explain", DEMO / "wrapper-tcp.pcapng", "--format", "json", "--redact")
    assert ran.code == 0 and b"127.0.0.1" not in ran.out and b"host-1" in ran.out


def test_same_thing_same_name() -> None:
    r = Redactor()
    first = r.row(
        {"client_address": "10.0.0.1:50000", "server_address": "[2001:db8::1]:4059", "system_title": "AB" * 8}
    )
    again = r.row({"client_address": "10.0.0.1:50001", "text": "title " + "AB" * 8, "source": 16, "no": 1})
    assert first == {"client_address": "host-1:50000", "server_address": "host-2:4059", "system_title": "title-1"}
    assert again == {"client_address": "host-1:50001", "text": "title title-1", "source": 16, "no": 1}


def test_what_redact_cannot_do_says_so(tmp_path: Path) -> None:
    assert run("dump", DEMO / "wrapper-tcp.pcapng", "--redact", "--tree").code == 2
    assert run("report", DEMO / "wrapper-tcp.pcapng", "--out", tmp_path, "--redact").code == 2
