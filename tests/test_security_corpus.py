"""Everything in the corpus that comes with keys, deciphered, and compared with the text that others found."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dissectors import apdus
from dissectors.context import EMPTY
from dissectors.cursor import Cursor
from dissectors.hls import Challenges, check_reply
from dissectors.keys import KeyRing, KeySet, Parties, Secret
from dissectors.protection import Unprotected
from dissectors.tags import DIRECTION
from dissectors.unprotect import unprotect

PLAIN = ("plain_hex", "plaintext_hex", "plaintext_apdu_hex", "user_information_plain_hex")


def items(corpus: Path) -> Iterator[dict[str, Any]]:
    for item in json.loads((corpus / "index.json").read_text(encoding="utf-8"))["items"]:
        detail = corpus / item["detail"]
        yield {**item, **json.loads(detail.read_text(encoding="utf-8"))}


def keys_of(item: dict[str, Any]) -> KeyRing:
    given = {name: Secret(bytes.fromhex(item["keys"][name])) for name in ("ek", "ak") if name in item["keys"]}
    return KeyRing([KeySet(name=item["id"], encryption=given.get("ek"), authentication=given.get("ak"))])


def parties(item: dict[str, Any], octets: bytes) -> Parties:
    titles = item["keys"]
    client = bytes.fromhex(titles.get("st_client") or titles.get("system_title") or "")
    return Parties(int(DIRECTION[octets[0]]), -1, -1, client, bytes.fromhex(titles.get("st_server", "")))


def protected(item: dict[str, Any]) -> Iterator[tuple[bytes, str | None, str]]:
    """Each APDU that the corpus lists, its text in hex where it is known, and what its tag was found to be."""
    derived = item.get("derived_by_us") or {}
    for apdu in [*derived.get("apdus", ()), *(derived.get("stream_decode") or {}).get("pdus", ())]:
        text = next((apdu[name] for name in PLAIN if apdu.get(name)), None)
        hexed = apdu.get("hex") or apdu.get("apdu_hex")
        if hexed:
            yield bytes.fromhex(hexed), text, apdu.get("cipher", {}).get("auth", "")


def opened(octets: bytes, ring: KeyRing, who: Parties) -> Unprotected | None:
    """The protection of an APDU, or of the user-information of an AARQ or AARE, taken off; None for a plain one."""
    apdu = apdus.dissect(Cursor(octets, buffer="apdu"), EMPTY)
    if apdu.service == "association":
        information = apdu.detail.information
        return unprotect(octets[slice(*information.range)], ring, who) if information.ciphered else None
    return unprotect(octets, ring, who, apdu) if apdu.service == "ciphered" else None


def test_all_that_has_keys_is_deciphered(corpus: Path) -> None:
    score: Counter[str] = Counter()
    wrong = []
    for item in items(corpus):
        if "ek" not in item["keys"]:
            continue
        ring = keys_of(item)
        for octets, text, tag in protected(item):
            if text is None:
                continue
            found = opened(octets, ring, parties(item, octets))
            good = found is not None and found.plain is not None and found.plain.hex() == text.lower()
            good = good and found is not None and found.status == "ok" and (tag != "ok" or "tag" not in found.reason)
            score[item["family"]] += 1
            if not good:
                wrong.append((item["id"], octets[:20].hex(), found))
    assert not wrong
    assert score == {
        "pcap-wrapper-tcp-ciphered": 796,
        "session-hdlc": 4,
        "p1-encrypted": 1,
        "han-push-encrypted": 5,
        "wrapper-udp": 2,
        "apdu-ciphered": 2,
    }


def test_what_has_no_keys_says_for_which_title(corpus: Path) -> None:
    seen = 0
    for item in items(corpus):
        if item["family"] != "han-push-encrypted" or item["keys"]:
            continue
        for octets, _, _ in protected(item):
            found = opened(octets, KeyRing(), Parties())
            if found is None or not found.policy.endswith("encrypted"):
                continue
            seen += 1
            assert found.status in ("no-key", "malformed"), item["id"]
            if found.status == "no-key":
                assert found.plain is None and found.system_title.hex().upper() in found.reason
    assert seen >= 15


def test_a_wrong_key_is_told_from_a_right_one(corpus: Path) -> None:
    ring = KeyRing([KeySet(name="wrong", encryption=Secret(bytes(15) + b"\1"), authentication=Secret(bytes(16)))])
    told: Counter[str] = Counter()
    for item in items(corpus):
        if "ek" not in item["keys"] or item["family"] == "pcap-wrapper-tcp-ciphered":
            continue
        for octets, text, _ in protected(item):
            if text is not None:
                found = opened(octets, ring, parties(item, octets))
                assert found is not None and found.plain is None, item["id"]
                told[found.status] += 1
    assert set(told) <= {"wrong-key", "malformed"} and told["wrong-key"] >= 10


def test_gbcs_messages_are_read_without_keys(corpus: Path) -> None:
    """UK GBCS: the MAC and the signature stay unchecked, the messages are in clear."""
    names: Counter[str] = Counter()
    signatures: Counter[str] = Counter()
    for item in items(corpus):
        if item["family"] != "gbcs":
            continue
        octets = bytes.fromhex("".join((corpus / item["file"].removeprefix("open/")).read_text().split()))
        asserted = item["expected"]["asserted"]
        layers = 0
        while True:
            c = Cursor(octets, buffer="apdu")
            apdu = apdus.dissect(c, EMPTY)
            if apdu.service != "ciphered":
                break
            found = unprotect(octets, KeyRing(), Parties(), apdu)
            assert found.plain is not None and found.status == "unverified", (item["id"], found)
            assert len(found.system_title) == 8
            if found.policy == "signed":
                signatures[found.signature] += 1
                # Present although empty in answers that carry a MAC; not even its length in pre-commands.
                present = all(p.kind.code != "apdu.trunc" for p in c.problems)
                assert asserted.get("signature_present", present) == present, item["id"]
            octets = found.plain
            layers += 1
        assert layers >= 1, item["id"]
        names[apdu.name] += 1
    assert set(names) <= {"access-request", "access-response", "data-notification", "event-notification-request"}, names
    assert sum(names.values()) == 27 and signatures == {"no-key": 14, "absent": 13}


@pytest.mark.parametrize("number", ["002", "004", "005"])
def test_hls_examples(corpus: Path, number: str) -> None:
    item = next(item for item in items(corpus) if item["id"] == f"crypto-example-{number}")
    asserted = item["expected"]["asserted"]
    ring = keys_of(item)
    client = bytes.fromhex(item["keys"].get("st_client") or item["keys"]["system_title"])
    server = bytes.fromhex(item["keys"].get("st_server", "00" * 8))
    stoc = bytes.fromhex(asserted.get("StoC") or asserted["challenge_StoC"])
    challenges = Challenges(bytes.fromhex(asserted.get("CtoS", "")), stoc)
    if number == "005":
        reply = bytes.fromhex((corpus / item["file"].removeprefix("open/")).read_text())
    elif number == "004":
        reply = bytes.fromhex("10" + item["keys"]["ic"] + asserted["tag"])
    else:
        reply = bytes.fromhex(asserted["f_StoC"])
        fourth = check_reply(5, Parties(1, -1, -1, client, server), challenges, bytes.fromhex(asserted["f_CtoS"]), ring)
        assert (fourth.status, fourth.counter) == ("ok", int(asserted["server_ic"], 16))
    third = check_reply(5, Parties(0, -1, -1, client, server), challenges, reply, ring)
    assert (third.status, third.counter) == ("ok", 1)
