"""The corpus of real frames, all of it: nothing crashes, no octet is lost, and what the sources assert holds."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cli_run import run
from corpus_checks import check_of, reason
from corpus_look import Look, flat
from corpus_map import ABOUT, apdu_counts, chunk_groups, chunks, same
from corpus_push import source_dissector
from corpus_text import telegram_check

import analyzer
from analyzer.run import Run
from captures.source import open_source
from dissectors import profile
from dissectors.record import Record

HEAD = tuple(f"iec62056-21.{name}" for name in ("manufacturer", "baud", "enhanced", "identification"))
COMMANDS = (("dump",), ("dump", "--level", "frame"), ("dump", "--level", "finding"), ("timing",), ("explain",))


@pytest.fixture(scope="module")
def looks(corpus: Path) -> dict[str, Look]:
    index = json.loads((corpus / "index.json").read_text(encoding="utf-8"))
    return {item["id"]: Look(corpus, item) for item in index["items"]}


def of_family(looks: dict[str, Look], *families: str) -> Iterator[Look]:
    return (look for look in looks.values() if look.family in families)


# -- nothing crashes, no octet is lost -----------------------------------------------------------------------


def test_every_command_reads_every_item(looks: dict[str, Look]) -> None:
    wrong = []
    for look in looks.values():
        for words in COMMANDS:
            ran = run(words[0], look.path, *words[1:])
            if ran.code != 0 or "Traceback" in ran.err:
                wrong.append((look.id, words, ran.code, ran.err))
    assert not wrong


def test_no_problem_is_our_own_mistake(looks: dict[str, Look]) -> None:
    """The code "internal" is what a crash of a layer becomes."""
    rows = [(look.id, row) for look in looks.values() for row in (*look.frames, *look.messages)]
    assert not [(name, p) for name, row in rows for p in row["problems"] if p["code"] == "internal"]


def test_every_octet_of_every_record_is_in_one_frame(looks: dict[str, Look]) -> None:
    profiles = list(profile.builtin().values())
    wrong = []
    for look in looks.values():
        source = open_source(str(look.path))
        seen = Counter[str]()

        def counted(records: Any, seen: Counter[str] = seen) -> Iterator[Record]:
            for record in records:
                seen["records"] += len(record.octets)
                yield record

        for frame in Run(counted(source), source.channels, profiles).frames():
            seen["frames"] += len(frame.carrier) + len(frame.octets)
        source.close()
        if seen["records"] != seen["frames"] or not seen["records"]:
            wrong.append((look.id, dict(seen)))
    assert not wrong


def test_a_hex_text_gives_all_its_octets(looks: dict[str, Look]) -> None:
    """Of a hex log each digit is an octet of some frame."""
    wrong = []
    for look in looks.values():
        if look.path.suffix == ".hex" and "fragment" not in look.item["framing"]:
            ours = "".join(f["octets"] for f in look.frames)
            if ours != look.hex:
                wrong.append((look.id, len(ours) // 2, len(look.hex) // 2))
    assert not wrong


def test_decode_reads_every_hex_text(looks: dict[str, Look]) -> None:
    for look in looks.values():
        if look.path.suffix == ".hex" and look.item["octets"] < 20_000:
            assert set(look.decoded) == {"layers", "frames", "messages", "data", "rest", "problems", "tree"}


def test_what_is_not_decoded_is_named(looks: dict[str, Look]) -> None:
    """Hex that gives no message, no frame of a known kind and no value carries a problem that says why."""
    wrong = []
    for look in looks.values():
        if look.path.suffix == ".hex" and look.item["octets"] < 20_000:
            d = look.decoded
            known = [f for f in d["frames"] if f["layer"] not in ("noise", "text", "other")]
            if not (d["messages"] or known or d["data"] or d["problems"]):
                wrong.append((look.id, d["layers"]))
    assert not wrong


# -- what the sources assert ---------------------------------------------------------------------------------


def test_assertions_of_the_sources(looks: dict[str, Look], capsys: pytest.CaptureFixture[str]) -> None:
    score: dict[str, Counter[str]] = defaultdict(Counter)
    unmapped: dict[str, Counter[str]] = defaultdict(Counter)
    wrong: list[str] = []
    stale: list[str] = []
    for look in looks.values():
        for key, value in look.item["expected"].get("asserted", {}).items():
            tally = score[look.family]
            check = check_of(look.family, key)
            found = None if check is None else check(look, value)
            why = reason(look, key)
            if key in ABOUT:
                tally["about"] += 1
            elif check is None or found is None:
                tally["unmapped"] += 1
                unmapped[look.family][key] += 1
            elif not found:
                tally["held"] += 1
                if why and (look.id, key) in _listed():
                    stale.append(f"{look.id} {key}: {why}")
            elif why:
                tally["reason"] += 1
            else:
                tally["wrong"] += 1
                wrong += [f"{look.id} {key}: {w}" for w in found[:4]]
    with capsys.disabled():
        print("\n  what the sources assert (about: no statement on octets; unmapped: nothing to compare yet)")
        for family, tally in score.items():
            print(f"  {family:26} " + "  ".join(f"{name} {n}" for name, n in sorted(tally.items())))
            if unmapped[family]:
                print(f"  {'':26}   unmapped: {', '.join(sorted(unmapped[family]))}")
        for line in stale:
            print("  stale reason:", line)
    assert not wrong, "\n".join(wrong)


def test_apdus_found_by_other_means(looks: dict[str, Look], capsys: pytest.CaptureFixture[str]) -> None:
    """Printed only, since the lists were derived without link states: APDUs that are messages of ours, octet for octet;
    and texts that both reference decoders refuse, for which we name a problem."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    refused, silent = 0, []
    for look in looks.values():
        listed = [a["hex"] for a in look.derived.get("apdus", []) if a.get("hex")]
        a = analyzer.open(str(look.path))
        ours = {a.message(no).pdu.octets.hex() for no in range(1, len(a.messages) + 1)}
        found[look.family]["listed"] += len(listed)
        found[look.family]["ours"] += sum(apdu in ours for apdu in listed)
        said = [look.item["checks"].get(f"decoder_{name}_ok") for name in "ab"]
        if said == ["0/1", "0/1"] and look.path.suffix == ".hex":
            refused += 1
            if not any(p["severity"] in ("error", "warning") for p in look.problems):
                silent.append(look.id)
    with capsys.disabled():
        counts = [f"{family} {n['ours']}/{n['listed']}" for family, n in found.items() if n["listed"]]
        print("\n  APDUs found by other means:", ", ".join(counts))
        print(
            f"  refused by both reference decoders: {refused}, without an error or warning of ours: {', '.join(silent)}"
        )
    assert sum(n["ours"] for n in found.values()) > sum(n["listed"] for n in found.values()) // 2


def _listed() -> frozenset[tuple[str, str]]:
    from corpus_checks import REASONS

    return frozenset(REASONS)


def test_sessions_frame_by_frame(looks: dict[str, Look]) -> None:
    """Direction and octets of each recorded frame of the HDLC sessions."""
    wrong = []
    for look in of_family(looks, "session-hdlc"):
        wrong += [f"{look.id} {w}" for w in chunks(look, look.detail["chunks"]) if not reason(look, w)]
    assert not wrong, "\n".join(wrong[:60])


def test_sessions_group_by_group(looks: dict[str, Look]) -> None:
    """The groups of octets that the authors of the sessions explain are fields of the trees of those frames."""
    wrong = []
    for look in of_family(looks, "session-hdlc"):
        wrong += [f"{look.id} {w}" for w in chunk_groups(look, look.detail["chunks"]) if not reason(look, w)]
    assert not wrong, "\n".join(wrong[:200])


def test_telegrams_and_dialogues(looks: dict[str, Look]) -> None:
    """Every telegram is one frame with data; its CRC16 is what others computed. Frames of the dialogues in order."""
    wrong = []
    for look in of_family(looks, "iec62056-21-p1"):
        kinds = [f["kind"] for f in look.frames if f["kind"] not in ("noise", "wake-up")]
        wrong += [f"{look.id} {w}" for w in (*same("frames", kinds, ["p1"]), *telegram_check(look))]
    for look in of_family(looks, "iec62056-21-signon", "session-mode-e"):
        heard = "".join(f["octets"] for f in look.frames)
        wrong += [
            f"{look.id} {c['hex'][:20]}" for c in look.detail["chunks"] if not heard or c["hex"].upper() not in heard
        ]
        up = [f["direction"] for f in look.frames if f["kind"] in ("request", "option-select")]
        wrong += same(look.id, set(up), {"client-to-server"})
    assert not wrong, "\n".join(wrong)


def test_ciphered_telegrams(looks: dict[str, Look]) -> None:
    """What is deciphered is a P1 telegram: its tree begins and ends as the source says, its CRC16 is right."""
    for look in of_family(looks, "p1-encrypted"):
        title = look.derived["apdus"][0]["cipher"]["st"]
        key = f"{title}:{look.item['keys']['ek']}:{look.item['keys']['ak']}"
        trees = [flat(row["tree"]) for row in look.rows("message", "--tree", "--key", key) if "tree" in row]
        nodes = [node for tree in trees for node in tree]
        asserted = look.item["expected"]["asserted"]
        head = "/" + "".join(n.text[:1] if n.field.endswith(".baud") else n.text for n in nodes if n.field in HEAD)
        last = [n.text for n in nodes if n.field == "iec62056-21.data-set"][-1].partition(" = ")
        assert head == asserted["starts_with"].split("\\r")[0].split("\r")[0]
        assert asserted["ends_with"].startswith(f"{last[0]}({last[2].partition(' ')[0]}*")
        assert not [n for n in nodes if n.field == "problem.iec62056-21.crc"]


def test_counts_of_apdus_in_captures(looks: dict[str, Look]) -> None:
    wrong = []
    for look in of_family(looks, "pcap-hdlc-tcp", "pcap-wrapper-tcp", "pcap-wrapper-tcp-ciphered", "pcap-udp"):
        wrong += [f"{look.id} {words}" for words in apdu_counts(look) if not reason(look, words)]
    assert not wrong, "\n".join(wrong)


def test_every_apdu_of_the_captures_is_a_message(looks: dict[str, Look]) -> None:
    """The APDUs that were taken out of the captures by other means, each octet for octet."""
    wrong = []
    for look in of_family(looks, "pcap-hdlc-tcp", "pcap-wrapper-tcp", "pcap-wrapper-tcp-ciphered", "pcap-udp"):
        a = analyzer.open(str(look.path))
        ours = {a.message(no).pdu.octets.hex() for no in range(1, len(a.messages) + 1)}
        for pdu in look.derived["stream_decode"]["pdus"]:
            apdu = pdu.get("apdu_hex")
            if apdu and pdu.get("hdlc", {}).get("fcs_ok", True) and apdu not in ours:
                wrong.append(f"{look.id} packet {pdu['packet']}: {apdu[:60]}")
    assert not wrong, "\n".join(wrong)


def test_captures_against_another_dissector(looks: dict[str, Look]) -> None:
    wrong = []
    for look in of_family(looks, "pcap-hdlc-tcp", "pcap-wrapper-tcp"):
        beside = look.path.with_suffix(".source-dissector.txt")
        if beside.is_file():
            found = source_dissector(look, beside.read_text(encoding="utf-8"))
            wrong += [f"{look.id} {words}" for words in found if not reason(look, words)]
    assert not wrong, "\n".join(wrong)
