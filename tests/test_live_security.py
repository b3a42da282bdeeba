"""Every authentication, suite and policy of gurux-dlms, live over loopback: deciphered, it is what its client got.

All sessions of MATRIX go into one capture, recorded once. It is decoded by the command line with the right keys, with
wrong ones, with wrong secrets and with none. tests/live_meter.py and tests/live_reader.py are the two sides; what
gurux-dlms 1.0.203 cannot do at all is in test_live_limits.py.
"""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from encode.security import point
from live import capture_file, compare, dump, recorded, running_lines

from tests import live_spec
from tests.live_spec import (
    AES,
    AUTHENTICATED,
    BOTH,
    ECDSA,
    ENCRYPTED,
    GMAC,
    LLS,
    MD5,
    NONE,
    POLICIES,
    SHA1,
    SHA256,
    Spec,
)

HLS = (AES, MD5, SHA1, GMAC, SHA256, ECDSA)
WITH_SECRET = (AES, MD5, SHA1, SHA256)
ASSOCIATION = "0-0:40.0.0*255"
SUITES = (0, 1, 2)
FIRST_PORT = 50000  # shown of the client; its number is added


def matrix() -> Iterator[Spec]:
    """Sessions, still without numbers."""
    for interface in ("wrapper", "hdlc"):
        for mechanism in (NONE, LLS, AES, MD5, SHA1, GMAC):
            yield Spec(0, interface, mechanism, long=mechanism == LLS)
    for suite in SUITES:
        for policy in POLICIES:
            for general in (False, True):
                yield Spec(0, "wrapper", LLS, policy, suite, general, long=policy == BOTH and general)
    yield Spec(0, "hdlc", LLS, BOTH, 0, False, long=True)
    yield Spec(0, "hdlc", LLS, ENCRYPTED, 1, False)
    yield Spec(0, "hdlc", LLS, AUTHENTICATED, 2, True)
    yield Spec(0, "wrapper", NONE, BOTH, 0, False)
    for suite in SUITES:
        for mechanism in HLS:
            if not (mechanism == ECDSA and suite == 0):
                general = bool((suite + mechanism) % 2)
                yield Spec(0, "hdlc" if general else "wrapper", mechanism, BOTH, suite, general)
    yield Spec(0, "wrapper", GMAC, AUTHENTICATED, 1, True)
    yield Spec(0, "wrapper", LLS, AUTHENTICATED, 0, False, dedicated=True)
    yield Spec(0, "wrapper", SHA256, ENCRYPTED, 0, False)
    for suite in SUITES:
        yield Spec(0, "wrapper", LLS, BOTH, suite, False, dedicated=True)
        yield Spec(0, "hdlc", GMAC, BOTH, suite, True, dedicated=True)
    yield Spec(0, "wrapper", LLS, max_pdu=160, long=True)
    yield Spec(0, "wrapper", LLS, BOTH, 0, False, max_pdu=160, long=True)
    yield Spec(0, "wrapper", MD5, AUTHENTICATED, 1, True, max_pdu=160, long=True)
    yield Spec(0, "hdlc", SHA256, BOTH, 1, True, dedicated=True, max_pdu=110, long=True)
    yield Spec(0, "wrapper", LLS, max_pdu=160, gbt=True, long=True)
    yield Spec(0, "hdlc", LLS, max_pdu=160, gbt=True, long=True)
    yield Spec(0, "wrapper", GMAC, BOTH, 2, True, max_pdu=160, gbt=True, long=True)
    yield Spec(0, "hdlc", LLS, BOTH, 0, False, max_pdu=160, gbt=True, long=True)


MATRIX = [Spec(**{**{f: getattr(s, f) for f in s.__struct_fields__}, "number": n}) for n, s in enumerate(matrix(), 1)]
CIPHERED = [s for s in MATRIX if s.policy]
BY_HLS = [s for s in MATRIX if s.authentication in HLS]
ANSWERS = {NONE: 3}  # client 16 of the plain context; else
SHORT_ANSWERS, LONG_ANSWERS, GBT_ANSWERS = 9, 20, 18
Messages = list[dict[str, Any]]


class Recording(NamedTuple):
    path: Path
    got: dict[int, Messages]  # what the client printed


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    path = tmp_path_factory.mktemp("live") / "matrix.pcap"
    file = capture_file(path)
    made = Recording(path, {})
    with ExitStack() as stack:
        meter = stack.enter_context(running_lines("tests.live_meter"))
        reader = stack.enter_context(running_lines("tests.live_reader"))
        for spec in MATRIX:
            meter.say(live_spec.line(spec))
            port = int(meter.hear().split()[1])
            with recorded(file, port, FIRST_PORT + spec.number) as connect:
                reader.say(f"{connect} {live_spec.line(spec)}")
                lines: list[str] = []
                while (line := reader.hear()) != "done":
                    assert not line.startswith("failed") and line, f"{spec.name}: {line}"
                    lines.append(line)
            made.got[spec.number] = [json.loads(line) for line in lines]
    file.close()
    return made


def sessions(recording: Recording, *options: str) -> dict[int, Messages]:
    """Our messages by number of the session."""
    found: dict[int, Messages] = {number: [] for number in recording.got}
    for message in dump(recording.path, *options):
        found[int(message["client_address"].rpartition(":")[2]) - FIRST_PORT].append(message)
    return found


def altered(octets: bytes) -> bytes:
    return octets[:-1] + bytes((octets[-1] ^ 1,))


def key_file(path: Path, keys: bool = True, secrets: bool = True) -> Path:
    """All keys of the matrix; keys or secrets False: each of them wrong in its last octet."""
    lines: list[str] = []

    def entry(title: bytes, **values: str) -> None:
        lines.extend(["[[key]]", f'system_title = "{title.hex()}"', *(f'{k} = "{v}"' for k, v in values.items())])

    for spec in MATRIX:
        client, server = spec.titles
        values: dict[str, str] = {}
        if spec.policy or spec.authentication == GMAC:
            right = keys if spec.policy else keys and secrets  # in a plain context GMAC alone uses them
            values |= {
                name: (key if right else altered(key)).hex()
                for name in ("encryption", "authentication")
                for key in (spec.key(name),)
            }
        if spec.authentication in WITH_SECRET:
            values["secret"] = spec.secret if secrets else spec.secret + "x"
        if spec.authentication == ECDSA:
            both = [signing_key(spec, side) for side in ("client", "server")]
            mine, theirs = both if secrets else both[::-1]
            values["signing_certificate"] = theirs
            entry(client, signing_certificate=mine)
        if values:
            entry(server, **values)
    path.write_text("\n".join(lines) + "\n")
    path.chmod(0o600)
    return path


def signing_key(spec: Spec, side: str) -> str:
    scalar = int.from_bytes(spec.private(side), "big")
    return point(ec.derive_private_key(scalar, ec.SECP256R1())).hex()


@pytest.fixture(scope="module")
def right(recording: Recording) -> dict[int, Messages]:
    return sessions(recording, "--keys", str(key_file(recording.path.with_name("right.toml"))))


@pytest.fixture(scope="module")
def wrong(recording: Recording) -> dict[int, Messages]:
    return sessions(recording, "--keys", str(key_file(recording.path.with_name("wrong.toml"), keys=False)))


@pytest.fixture(scope="module")
def misled(recording: Recording) -> dict[int, Messages]:
    return sessions(recording, "--keys", str(key_file(recording.path.with_name("misled.toml"), secrets=False)))


@pytest.fixture(scope="module")
def blind(recording: Recording) -> dict[int, Messages]:
    return sessions(recording)


def each(specs: list[Spec]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("spec", specs, ids=lambda spec: f"{spec.number}-{spec.name}")


def codes(messages: Messages) -> list[str]:
    return [p["code"] for m in messages for p in m["problems"]]


def faults(spec: Spec) -> frozenset[str]:
    """What gurux does wrong in such a session, and we say so."""
    found = set()
    if spec.gbt:
        found.add("apdu.gbt-size")  # forgets the second octet of a block's length: 161 for 160
    if spec.max_pdu < live_spec.LONGEST_PDU and spec.general and not spec.gbt:
        found.add("apdu.size")  # forgets the system title in front
    if spec.authentication == ECDSA:
        found.add("apdu.hls-len")  # its challenges have 16 octets always, ECDSA wants 32 at least
    return frozenset(found)


@each(MATRIX)
def test_every_value_is_that_of_the_client(recording: Recording, right: dict[int, Messages], spec: Spec) -> None:
    got = recording.got[spec.number]
    expected = SHORT_ANSWERS if spec.authentication != NONE or spec.policy else ANSWERS[NONE]
    assert len(got) == (GBT_ANSWERS if spec.gbt else LONG_ANSWERS) if spec.long else expected
    heard = [m for m in right[spec.number] if (m["obis"], m["method"]) != (ASSOCIATION, 1)]
    compare(got, heard, allowed=faults(spec))
    assert faults(spec) <= set(codes(heard))


@each(CIPHERED)
def test_protection_is_told_and_verified(right: dict[int, Messages], spec: Spec) -> None:
    counters: dict[str, list[int]] = {}
    outer = set()
    for message in right[spec.number]:
        security = message["security"]
        if security is None:
            in_clear = ("general-block-transfer",) if spec.long else ("rlrq",)  # long: the release is protected too
            assert message["apdu"] in in_clear, message["apdu"]
            continue
        sender = spec.titles[message["direction"] == "server-to-client"].hex().upper()
        assert (security["status"], security["policy"]) == ("ok", POLICIES[spec.policy]), message["no"]
        assert (security["suite"], security["system_title"]) == (spec.suite, sender), message["no"]
        counters.setdefault(sender, []).append(security["invocation_counter"])
        if message["obis"] not in (None, ASSOCIATION):
            outer.add(security["outer"])
        else:
            assert security["outer"].startswith(("glo-", spec.outer)), message["no"]
    assert outer and all(name.startswith(spec.outer) for name in outer)
    assert set(counters) == {title.hex().upper() for title in spec.titles}
    assert all(seen == sorted(set(seen)) for seen in counters.values()), counters
    assert counters[spec.titles[0].hex().upper()][0] == 1000 * spec.number
    told = {code for code in codes(right[spec.number]) if code.startswith(("apdu.ciph", "security."))}
    assert told == observed(spec)


def observed(spec: Spec) -> set[str]:
    """A dedicated key that travels authenticated only is seen by all, and so is a password."""
    key = {"security.key-clear"} if spec.dedicated and spec.policy == AUTHENTICATED else set()
    return key | ({"security.lls"} if spec.authentication == LLS else set())


@each(BY_HLS)
def test_passes_of_hls_are_verified(right: dict[int, Messages], misled: dict[int, Messages], spec: Spec) -> None:
    assert "security.hls" not in codes(right[spec.number])
    said = [m["apdu"] for m in misled[spec.number] for p in m["problems"] if p["code"] == "security.hls"]
    if spec.authentication == AES or (spec.authentication == GMAC and spec.policy):
        assert not said  # AES is one guess of many; keys of GMAC are those of the association, which were right
    else:
        assert said == ["action-request-normal", "action-response-normal"]


@each(CIPHERED)
def test_wrong_keys_are_told_from_right_ones(wrong: dict[int, Messages], spec: Spec) -> None:
    """What is only authenticated is read, but not believed; the rest gives no text at all."""
    expected = "tag-mismatch" if spec.policy == AUTHENTICATED else "wrong-key"
    protected = [m["security"] for m in wrong[spec.number] if m["security"]]
    for security in protected:  # the dedicated key came under the wrong one, and so is not known
        missing = security["outer"].startswith(("ded-", "general-ded"))
        unknown = "unverified" if spec.policy == AUTHENTICATED else "no-key"
        assert security["status"] == (unknown if missing else expected), security
    assert len(protected) >= 10


@each(CIPHERED)
def test_without_keys_nothing_is_invented(blind: dict[int, Messages], spec: Spec) -> None:
    protected = [m for m in blind[spec.number] if m["security"]]
    if spec.policy == AUTHENTICATED:
        assert {m["security"]["status"] for m in protected} == {"unverified"}
    else:
        assert {m["security"]["status"] for m in protected} == {"no-key"}
        assert {m["data"] is None for m in protected} == {True}
