"""The doctor: every diagnosis on its broken capture, silence on good ones, and the page that shows them."""

import json
import re
import subprocess
from pathlib import Path
from random import Random

import pytest
from cli_run import run
from doctor_cases import CASES, DEMO, PROFILES, UNKNOWN, Given, damaged, dialogue, line, report, shown, tapped

from analyzer import doctor, keys
from analyzer.doctor import CHECKS, numbers, to_json, to_text
from captures.pcap import PcapWriter
from captures.source import open_source
from dissectors.record import Channel, Record

PAGE = Path(__file__).resolve().parent.parent.parent / "docs" / "doctor.md"
NOTES = ("clock.none", "clock.batch")


@pytest.mark.parametrize("name", CASES)
def test_each_cause_is_found(name: str) -> None:
    """It is the first diagnosis; a note comes behind a healthy verdict."""
    channel = shown(name).channels[0]
    codes = [d.code for d in channel.diagnoses]
    wanted = CASES[name].code
    assert codes[:1] == [wanted], to_text(shown(name)).decode()
    assert channel.verdict == ("healthy" if wanted in NOTES else wanted)
    first = channel.diagnoses[0]
    assert first.evidence and first.advice and 0 < first.confidence <= 100
    assert any(char.isdigit() for char in " ".join(first.evidence)) or wanted == "line.silent"


def quiet(given: object, ring: object = None) -> list[str]:
    found = doctor.examine(given, PROFILES, ring)  # type: ignore[arg-type]
    return [f"{d.code}: {d.evidence}" for c in found.channels for d in c.diagnoses]


@pytest.mark.parametrize("name", ["hdlc-serial", "hdlc-tcp", "wrapper-tcp", "wrapper-tcp-ciphered"])
def test_silence_on_the_demo(name: str) -> None:
    ring, _ = keys.ring((str(DEMO / "keys.toml"),), ())
    source = open_source(str(DEMO / f"{name}.pcapng"))
    try:
        assert quiet(source, ring) == []
    finally:
        source.close()


HEALTHY = ("pcap-hdlc-tcp", "pcap-wrapper-tcp", "pcap-udp", "pcap-exported-pdu", "session-hdlc")


@pytest.mark.parametrize("family", HEALTHY)
def test_silence_on_the_corpus(corpus: Path, family: str) -> None:
    """Logs without times have a note, ciphered ones want keys: neither speaks of the line."""
    paths = [p for p in sorted((corpus / family).iterdir()) if p.suffix in (".pcap", ".pcapng", ".hex")]
    assert paths
    for path in paths:
        source = open_source(str(path))
        try:
            found = [words for words in quiet(source) if not words.startswith(("clock.none", "keys.missing"))]
            assert found == [], path.name
        finally:
            source.close()


def test_silence_on_pushes(corpus: Path) -> None:
    """No push that decodes is called half of a line, silent, or anything else."""
    healthy = 0
    for path in sorted((corpus / "han-push").glob("*.hex")):
        source = open_source(str(path))
        try:
            for channel in report(Given(list(source), source.channels)).channels:
                healthy += channel.verdict == "healthy"
                wrong = {d.code for d in channel.diagnoses} - {
                    "clock.none",
                    "keys.missing",
                    "content.mbus",
                    "unexplained",
                }
                assert not wrong, path.name
        finally:
            source.close()
    assert healthy > 40


@pytest.mark.parametrize("own", [True, False])
@pytest.mark.parametrize("baud", [300, 2400, 9600, 115200])
def test_silence_where_the_tap_listens_rightly(baud: int, own: bool) -> None:
    found = report(tapped(baud, baud, own=own)).channels[0]
    assert (found.verdict, found.good_frames, found.diagnoses) == ("healthy", 16, [])


@pytest.mark.parametrize("seed", range(6))
def test_damage_and_noise_are_no_wrong_rate(seed: int) -> None:
    """Undamaged frames among damaged ones prove no other format, and noise proves nothing."""
    random = Random(seed)
    noise = line([random.randbytes(random.randrange(5, 60)) for _ in range(40)])
    assert [d.code for d in report(noise).channels[0].diagnoses] == ["unexplained"]
    for lossy in (False, True):
        found = report(damaged(lossy, seed)).channels[0]
        assert {d.code for d in found.diagnoses} <= {"line.disturbed", "unexplained"}, found.diagnoses


def test_names_the_rate_and_the_option() -> None:
    text = to_text(shown("line.rate")).decode()
    assert "line talks at 4800 Bd, the tap listened at 9600 Bd" in text
    assert "have a good check sequence" in text and "baud=4800" in text


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("line.rate a quarter", "2400 Bd"), ("line.rate an eighth", "1200 Bd"), ("line.rate two thirds", "9600 Bd"),
        ("line.rate half, tap unknown", "0.5 times"), ("line.rate 6 % fast", "about 10180 Bd"),
        ("line.rate 6 % slow", "about 9020 Bd"), ("line.rate twice", "19200 Bd"),
        ("line.rate three halves", "14400 Bd"), ("line.format odd", "8O1"), ("line.format", "8E1"),
        ("line.format tap 7E1", "listened 7E1"), ("line.format tap 8E1", "listened 8E1"),
    ],
)  # fmt: skip
def test_names_what_was_on_the_line(name: str, words: str) -> None:
    assert words in shown(name).channels[0].diagnoses[0].title


def test_lists_every_address() -> None:
    evidence = " | ".join(shown("hdlc.address").channels[0].diagnoses[0].evidence)
    assert "3 SNRM to 1/18 (4 octets), no answer" in evidence and "answering: 1/17 (4 octets)" in evidence
    nobody = shown("hdlc.address, nobody").channels[0].diagnoses[0]
    assert "no server answers" in " ".join(nobody.evidence) and "1 and 2" in nobody.advice


def test_records_are_those_of_the_capture() -> None:
    first = shown("hdlc.address").channels[0].diagnoses[0]
    assert first.records == [1, 2, 3]
    assert numbers([1, 2, 3, 7, 9, 10]) == "1-3, 7, 9-10"
    assert numbers(range(1, 40, 2)).endswith(", …")


def test_bounds_are_kept_and_said() -> None:
    given = line([octets for _, octets in dialogue()] * 50)
    found = report(given, most=4096)
    assert found.limit.startswith("looked at the first 0.0 MB") and found.channels[0].octets < 4200
    found = report(line([octets for _, octets in dialogue()] * 50), seconds=1.0)
    assert found.limit == "looked at the first 1 s" and found.channels[0].octets < 2000
    assert found.limit in to_text(found).decode()


def test_hostile_octets_end() -> None:
    """Flags only, flags and A0, one octet for ever, and octets that open frames everywhere."""
    for piece in (b"\x7e", b"\x7e\xa0", b"\x00\xff", b"\xf8\x06\x1e", b"\x68\xff\xff\x68", b"\xc0\xdb", b"41"):
        given = Given(
            [Record(n, 0, UNKNOWN, n * 10**9, n * 10**9, 1000, piece * 1000) for n in range(1, 20)],
            [Channel(0, "tap", 147, baud=9600, stamp="start")],
        )
        assert report(given).channels[0].verdict != "healthy"


def test_no_channel_and_no_record() -> None:
    assert "no channel" in to_text(report(Given([], []))).decode()


def editcap(tshark: str, tmp_path: Path, given: Given, link: int, *options: str) -> str:
    """What the doctor says of a capture after editcap did what an advice asks for."""
    before, after = tmp_path / "before.pcap", tmp_path / "after.pcap"
    with before.open("wb") as file:
        writer = PcapWriter(file, link)
        for r in given.records:
            writer.write(r.first_ns or 0, r.octets)
    program = Path(tshark).with_name("editcap")
    subprocess.run([program, *options, before, after], check=True, capture_output=True)
    return run("doctor", after).text


def test_the_advice_of_an_offset_works(tshark: str, tmp_path: Path) -> None:
    given = CASES["content.offset on a line"].make()
    assert "do: take them off: editcap -C 2 IN OUT" in to_text(report(given)).decode()
    assert "healthy" not in editcap(tshark, tmp_path, given, 147)
    assert ": 3 of 3 wrapper PDUs good" in editcap(tshark, tmp_path, given, 147, "-C", "2")


def test_the_advice_of_a_link_type_works(tshark: str, tmp_path: Path) -> None:
    """Octets of a line that were written as link type 195."""
    given = line([octets for _, octets in dialogue()])
    assert "capture.link-type" in editcap(tshark, tmp_path, given, 195)
    assert ": healthy: 8 of 8 HDLC frames good" in editcap(tshark, tmp_path, given, 195, "-F", "pcap", "-T", "user0")


def test_every_check_is_named_once() -> None:
    assert len({name for name, _ in CHECKS}) == len(CHECKS)


# -- the command and the page ----------------------------------------------------------------------------------


def test_command_in_text_and_json() -> None:
    path = DEMO / "hdlc-serial.pcapng"
    ran = run("doctor", path)
    assert ran.code == 0 and ran.lines[0].startswith("channel 0 (client): healthy: 69 of 70 HDLC frames good")
    found = json.loads(run("doctor", path, "--format", "json").out)
    assert found["source"] == str(path)
    channel = found["channels"][1]
    assert (channel["name"], channel["frames"], channel["good_frames"], channel["diagnoses"]) == ("meter", 66, 65, [])
    assert run("doctor", path, "--seconds", "1").lines[-1] == "looked at the first 1 s"
    assert run("doctor", DEMO / "none.pcapng").code == 3


def test_command_with_keys_and_redacted(tmp_path: Path) -> None:
    path = DEMO / "wrapper-tcp-ciphered.pcapng"
    assert "keys.missing" in run("doctor", path).text
    assert "keys.missing" not in run("doctor", path, "--keys", DEMO / "keys.toml").text
    cut = tmp_path / "cut.pcapng"
    cut.write_bytes(path.read_bytes()[:-9])
    assert run("doctor", cut).code == 4
    hidden = doctor.redacted(report(CASES["content.tls"].make()))
    assert "10.0.0.1" not in to_json(hidden).decode() and "host-1:5000" in to_json(hidden).decode()


def test_json_is_the_contract() -> None:
    found = json.loads(to_json(shown("line.half")))
    assert set(found["channels"][0]) >= {"channel", "name", "octets", "frames", "good_frames", "verdict", "diagnoses"}
    assert set(found["channels"][0]["diagnoses"][0]) == {"code", "title", "confidence", "evidence", "records", "advice"}


def test_page_shows_each_code_as_it_is(request: pytest.FixtureRequest) -> None:
    """docs/doctor.md: a section for each code, its example as the program prints it (--golden=update rewrites them)."""
    page = PAGE.read_text(encoding="utf-8")

    def example(found: re.Match[str]) -> str:
        return f"## {found[1]}\n{found[2]}```text\n{to_text(shown(found[1])).decode()}```\n"

    section = re.compile(r"^## ([a-z0-9.-]+)\n((?:(?!^## ).*\n)*?)```text\n(?:.*\n)*?```\n", re.MULTILINE)
    fresh = section.sub(example, page)
    if request.config.getoption("--golden") == "update":
        PAGE.write_text(fresh, encoding="utf-8")
    assert sorted(found[1] for found in section.finditer(page)) == sorted({case.code for case in CASES.values()})
    assert fresh == PAGE.read_text(encoding="utf-8")
