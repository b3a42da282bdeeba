"""Key files, --key and COSEMSCOPE_KEYS become a KeyRing (cli.md, "Key files").

Every fault is a UsageError that names file, key path and what was expected, and never what stood there.
"""

import os
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from dissectors.cosem import obis
from dissectors.errors import UsageError
from dissectors.keys import KeyRing, KeySet, Secret

ENVIRONMENT = "COSEMSCOPE_KEYS"
MAX_FILE_OCTETS = 4_000_000
MAX_PEM_OCTETS = 100_000
OTHERS_READ = 0o044  # group and others
TITLE_DIGITS = 16
KEY_DIGITS = (32, 64)

Title = Annotated[str, Meta(pattern=r"^[0-9A-Fa-f]{16}\Z")]
Key = Annotated[str, Meta(pattern=r"^([0-9A-Fa-f]{32}|[0-9A-Fa-f]{64})\Z")]
Text = Annotated[str, Meta(min_length=1, max_length=4096)]


class Entry(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """One [[key]] as written."""

    system_title: Title | None = None
    meter: Text | None = None
    server: Annotated[int, Meta(ge=0, le=65535)] | None = None
    encryption: Key | None = None
    authentication: Key | None = None
    broadcast: Key | None = None
    master: Key | None = None
    dedicated: Key | None = None
    secret: Text | None = None
    signing_certificate: Text | None = None
    agreement_private: Text | None = None
    agreement_public: Text | None = None
    valid_from: datetime | None = None
    valid_to: datetime | None = None
    security_setup: Text | None = None

    def __repr__(self) -> str:
        return "<one key entry>"


SECRETS = ("encryption", "authentication", "broadcast", "master", "dedicated")


def load(path: str | Path) -> tuple[list[KeySet], list[str]]:
    """The key sets of a key file, and warnings (one where others may read the file)."""
    octets = _read(path, "a key file (TOML)", MAX_FILE_OCTETS)
    try:
        document = msgspec.toml.decode(octets)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        # from None: what hangs on the original error could hold the text of the file.
        raise UsageError(f"{path}: {_masked(str(error))}") from None
    for name in document:
        if name != "key":
            raise UsageError(f"{path}: unknown field `{_masked(name)}`, expected [[key]] - at `$`")
    entries = document.get("key")
    if not isinstance(entries, list) or not entries:
        raise UsageError(f"{path}: expected at least one [[key]] - at `$.key`")
    sets = []
    for n, entry in enumerate(entries):
        try:
            checked = msgspec.convert(entry, Entry)
        except msgspec.ValidationError as error:
            where = re.sub(r"( - at `\$(.*)`)?$", rf" - at `$.key[{n}]\2`", str(error), count=1)
            raise UsageError(f"{path}: {_masked(where)}") from None
        sets.append(_key_set(checked, Path(path), n))
    return sets, _warnings(path)


def parse(argument: str) -> KeySet:
    """The key set of --key TITLE:EK[:AK]; TITLE may be empty: for any."""
    parts = argument.strip().split(":")
    if len(parts) not in (2, 3):
        raise UsageError(f"--key: expected TITLE:EK or TITLE:EK:AK, met {len(parts)} parts")
    title, *keys = parts
    if title and not _hex(title, (TITLE_DIGITS,)):
        raise UsageError(f"--key: expected a system title of {TITLE_DIGITS} hex digits before the first colon")
    for key, name in zip(keys, ("encryption", "authentication")):
        if not _hex(key, KEY_DIGITS):
            raise UsageError(f"--key: expected the {name} key as 32 or 64 hex digits, met {len(key)} characters")
    name = f"--key {title.upper()}" if title else "--key"
    encryption, authentication = ([Secret(bytes.fromhex(key)) for key in keys] + [None])[:2]
    return KeySet(name=name, system_title=bytes.fromhex(title), encryption=encryption, authentication=authentication)


def ring(
    files: Iterable[str | Path] = (), arguments: Iterable[str] = (), environment: Mapping[str, str] = os.environ
) -> tuple[KeyRing, tuple[str, ...]]:
    """The ring of all that was given, and warnings, each once: the file that COSEMSCOPE_KEYS names, then --keys,
    then --key; what is given later is tried first."""
    found = KeyRing()
    warnings: list[str] = []
    named = environment.get(ENVIRONMENT, "")
    paths = dict.fromkeys(Path(path) for path in ([named] if named else []) + list(files))
    for path in paths:
        sets, more = load(path)
        warnings += more
        for keys in sets:
            found.add(keys)
    for argument in arguments:
        found.add(parse(argument))
    return found, tuple(dict.fromkeys(warnings))


def _hex(text: str, digits: tuple[int, ...]) -> bool:
    return len(text) in digits and re.fullmatch("[0-9A-Fa-f]*", text) is not None


def _masked(words: str) -> str:
    """An error's words without anything in them that may be a key put in the wrong place."""
    return re.sub(r"[0-9A-Fa-f]{12,}", "…", words)


def _read(path: str | Path, what: str, most: int) -> bytes:
    try:
        with open(path, "rb") as file:
            octets = file.read(most + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not a file name"
        raise UsageError(f"{path}: expected {what}: {reason}") from None
    if len(octets) > most:
        raise UsageError(f"{path}: expected {what} of at most {most} octets")
    return octets


def _warnings(path: str | Path) -> list[str]:
    try:
        mode = os.stat(path).st_mode
    except OSError:
        return []
    return [f"{path}: keys are readable by others (chmod 600)"] if os.name == "posix" and mode & OTHERS_READ else []


def _key_set(entry: Entry, path: Path, n: int) -> KeySet:
    """One entry, checked as a whole."""

    def fail(key: str, expected: str) -> UsageError:
        return UsageError(f"{path}: expected {expected} - at `$.key[{n}].{key}`")

    targets = [name for name in ("system_title", "meter", "server") if getattr(entry, name) is not None]
    if len(targets) > 1:
        raise fail(targets[1], f"one of system_title, meter and server, {targets[0]} is given too")
    secrets: dict[str, Any] = {
        name: Secret(bytes.fromhex(text)) for name in SECRETS if (text := getattr(entry, name)) is not None
    }
    times: dict[str, int] = {}
    for name in ("valid_from", "valid_to"):
        moment: datetime | None = getattr(entry, name)
        if moment is not None:
            if moment.tzinfo is None:
                raise fail(name, "a date-time with Z or an offset")
            times[name] = round((moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()) * 1_000_000_000
    if "valid_from" in times and times.get("valid_to", times["valid_from"]) < times["valid_from"]:
        raise fail("valid_to", "a time not before valid_from")
    setup = b""
    if entry.security_setup is not None:
        setup = obis.parse(entry.security_setup) or b""
        if not setup:
            raise fail("security_setup", "a logical name as 0-0:43.0.0*255")
    asymmetric: dict[str, bytes] = {}
    for key, field, digits in (
        ("signing_certificate", "signing", (128, 192)),
        ("agreement_public", "agreement_public", (128, 192)),
        ("agreement_private", "agreement_private", (64, 96)),
    ):
        text = getattr(entry, key)
        if text is not None:
            found = _asymmetric(text, path, digits, private=key == "agreement_private")
            if found is None:
                kind = "a private key" if key == "agreement_private" else "a certificate or public key"
                raise fail(
                    key, f"{kind} of P-256 or P-384: a PEM or DER file, or {digits[0]} or {digits[1]} hex digits"
                )
            asymmetric[field] = found
    private = asymmetric.pop("agreement_private", None)
    if not secrets and not asymmetric and private is None and entry.secret is None:
        raise fail("encryption", "at least one key or secret")
    return KeySet(
        name=f"key {n + 1} of {path.name}",
        system_title=bytes.fromhex(entry.system_title or ""),
        meter=entry.meter or "",
        server=-1 if entry.server is None else entry.server,
        secrets=_secrets(entry.secret),
        signing=asymmetric.get("signing", b""),
        agreement_public=asymmetric.get("agreement_public", b""),
        agreement_private=None if private is None else Secret(private),
        security_setup=setup,
        valid_from=times.get("valid_from"),
        valid_to=times.get("valid_to"),
        **secrets,
    )


def _secrets(text: str | None) -> tuple[Secret, ...]:
    """The readings of a secret: 0x… is hex; 32 hex digits or more may be either, and both are tried."""
    if text is None:
        return ()
    if text[:2] in ("0x", "0X") and len(text) > 2 and len(text) % 2 == 0 and re.fullmatch("[0-9A-Fa-f]+", text[2:]):
        return (Secret(bytes.fromhex(text[2:])),)
    readings = [Secret(text.encode())]
    if len(text) >= KEY_DIGITS[0] and _hex(text, (len(text) & ~1,)):
        readings.append(Secret(bytes.fromhex(text)))
    return tuple(readings)


def _asymmetric(text: str, path: Path, digits: tuple[int, ...], private: bool) -> bytes | None:
    """A public or private key from hex digits, or from a file beside the key file; None where it is none."""
    from dissectors import security  # late: slow to load

    if _hex(text, digits):
        octets = bytes.fromhex(text)
        good = security.is_private(octets) if private else security.is_public(octets)
        return octets if good else None
    if len(text) >= TITLE_DIGITS and _hex(text, (len(text),)):
        return None  # digits of a wrong count are no file name, and must not be shown as one
    octets = _read(path.parent / text, "a PEM or DER file named in the key file", MAX_PEM_OCTETS)
    return security.private_key(octets) if private else security.public_key(octets)
