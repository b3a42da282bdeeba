"""Key files, --key and COSEMSCOPE_KEYS: what is read, what is refused, and that no key shows anywhere."""

import subprocess
import sys
import traceback
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from encode import security as encode

from analyzer import keys
from dissectors.errors import UsageError
from dissectors.keys import Parties, Secret

HEX = "5EC2E7A1B2C3D4E5F60718293A4B5C6D"
TITLE = "4D4D4D0000000001"


@pytest.fixture
def write(tmp_path: Path) -> object:
    def write_file(text: str, name: str = "meters.toml", mode: int = 0o600) -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        path.chmod(mode)
        return path

    return write_file


WHOLE = f"""
[[key]]
system_title = "{TITLE}"
encryption = "{HEX}"
authentication = "{HEX[::-1]}"
broadcast = "{HEX * 2}"
master = "{HEX}"
dedicated = "{HEX}"
secret = "open sesame"
valid_from = 2026-01-01T00:00:00Z
valid_to = 2026-06-30T00:00:00+02:00
security_setup = "0-0:43.0.1*255"

[[key]]
server = 1
secret = "0x00FF"

[[key]]
meter = "cellar"
secret = "{HEX}"

[[key]]
encryption = "{HEX}"
"""


def test_a_whole_file(write) -> None:  # type: ignore[no-untyped-def]
    sets, warnings = keys.load(write(WHOLE))
    assert not warnings
    first, second, third, fourth = sets
    assert first.name == "key 1 of meters.toml"
    assert first.system_title == bytes.fromhex(TITLE)
    assert first.encryption == first.master == first.dedicated == Secret(bytes.fromhex(HEX))
    assert first.authentication == Secret(bytes.fromhex(HEX[::-1])) and first.broadcast == Secret(
        bytes.fromhex(HEX * 2)
    )
    assert first.secrets == (Secret(b"open sesame"),)
    assert first.valid_from == 1767225600 * 10**9 and first.valid_to == 1782770400 * 10**9
    assert first.security_setup == bytes([0, 0, 43, 0, 1, 255])
    assert (second.server, second.secrets) == (1, (Secret(b"\x00\xff"),))
    assert (third.meter, third.secrets) == ("cellar", (Secret(HEX.encode()), Secret(bytes.fromhex(HEX))))
    assert (fourth.server, fourth.meter, fourth.system_title) == (-1, "", b"")


def certificate(key: ec.EllipticCurvePrivateKey) -> bytes:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, TITLE)])
    start = datetime(2026, 1, 1, tzinfo=UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, start, start + timedelta(days=9))
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def test_files_beside_the_key_file(write, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    key = ec.generate_private_key(ec.SECP256R1())
    (tmp_path / "cert.pem").write_bytes(certificate(key))
    (tmp_path / "private.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    path = write(
        '[[key]]\nsigning_certificate = "cert.pem"\nagreement_private = "private.pem"\n'
        f'agreement_public = "{encode.point(key).hex()}"\n'
    )
    (entry,), _ = keys.load(path)
    assert entry.signing == entry.agreement_public == encode.point(key)
    assert entry.agreement_private == Secret(encode.scalar(key))
    (entry,), _ = keys.load(write(f'[[key]]\nagreement_private = "{encode.scalar(key).hex()}"\n'))
    assert entry.agreement_private == Secret(encode.scalar(key))


REFUSED = [
    ("", r"at least one \[\[key\]\] - at `\$\.key`"),
    (f'[[key]]\nencryption = "{HEX}"\nencrypton = "x"', r"unknown field `encrypton` - at `\$\.key\[0\]`"),
    (f'[[key]]\nencryption = "{HEX[:-1]}"', r"\$\.key\[0\]\.encryption"),
    (f'[[key]]\nencryption = "{HEX[:-2]}"', r"\$\.key\[0\]\.encryption"),
    (f'[[key]]\nencryption = "{HEX[:-2]}ZZ"', r"\$\.key\[0\]\.encryption"),
    (f'[[key]]\nencryption = "{HEX}\\n"', r"\$\.key\[0\]\.encryption"),
    ('[[key]]\nsystem_title = "4D4D"\nsecret="x"', r"\$\.key\[0\]\.system_title"),
    (f'[[key]]\nserver = 70000\nencryption = "{HEX}"', r"\$\.key\[0\]\.server"),
    (f'[[key]]\nserver = 1\nsystem_title = "{TITLE}"\nencryption = "{HEX}"', r"one of .* - at `\$\.key\[0\]\.server`"),
    (f'[[key]]\nencryption = "{HEX}"\nvalid_from = 2026-01-01T00:00:00', r"Z or an offset.*\$\.key\[0\]\.valid_from"),
    (
        f'[[key]]\nencryption = "{HEX}"\nvalid_from = 2026-01-02T00:00:00Z\nvalid_to = 2026-01-01T00:00:00Z',
        r"\$\.key\[0\]\.valid_to",
    ),
    (f'[[key]]\nencryption = "{HEX}"\nsecurity_setup = "x"', r"logical name.*\$\.key\[0\]\.security_setup"),
    ('[[key]]\nsystem_title = "4D4D4D0000000001"', r"at least one key.*\$\.key\[0\]\.encryption"),
    (f'[[key]]\nsigning_certificate = "{HEX}"', r"certificate or public key.*\$\.key\[0\]\.signing_certificate"),
    ('[[key]]\nagreement_private = "not-there.pem"', r"not-there\.pem: expected a PEM or DER file"),
    (f'[[key]]\nagreement_private = "{HEX}"', r"private key.*\$\.key\[0\]\.agreement_private"),
    (f'[[key]]\nencryption = "{HEX}"\n[[key]]\nserver = -1\nencryption = "{HEX}"', r"\$\.key\[1\]\.server"),
    (f'[[key]]\nencryption = "{HEX}\n', "line 2"),
    ("key = 5", "at least one"),
    ("key = [5]", r"\$\.key\[0\]"),
    (f'[[key]]\n{HEX} = "x"\n', "unknown field"),
    (f'encryption = "{HEX}"', r"unknown field `encryption`"),
    (f"[[key]]\nencryption = {int(HEX, 16)}", "encryption|64"),
    (f'[[key]]\nencryption = "{HEX}"\nencryption = "{HEX}"', "Cannot overwrite"),
]


@pytest.mark.parametrize(("text", "expected"), REFUSED)
def test_what_is_refused_and_that_it_shows_no_key(write, text: str, expected: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(UsageError, match=expected) as raised:
        keys.load(write(text))
    assert str(raised.value).count("meters.toml") >= 1 or "not-there" in str(raised.value)
    shown = "".join(traceback.format_exception(raised.value))
    for line in shown.splitlines():
        assert HEX[:8] not in line.upper() and str(int(HEX, 16)) not in line
    assert raised.value.__suppress_context__ or raised.value.__context__ is None


def test_files_that_are_none(write, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(UsageError, match=r"no\.toml: expected a key file"):
        keys.load(tmp_path / "no.toml")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match=r"binary\.toml"):
        keys.load(tmp_path / "binary.toml")


def test_readable_by_others_warns_once(write) -> None:  # type: ignore[no-untyped-def]
    path = write(f'[[key]]\nencryption = "{HEX}"', mode=0o644)
    found, warnings = keys.ring([path, path], environment={keys.ENVIRONMENT: str(path)})
    assert len(found) == 1
    assert warnings == (f"{path}: keys are readable by others (chmod 600)",)


def test_arguments() -> None:
    one = keys.parse(f"{TITLE}:{HEX}")
    assert (one.system_title, one.encryption, one.authentication) == (
        bytes.fromhex(TITLE), Secret(bytes.fromhex(HEX)), None,
    )  # fmt: skip
    assert one.name == f"--key {TITLE}"
    two = keys.parse(f"{TITLE.lower()}:{HEX}:{HEX * 2}")
    assert two.authentication == Secret(bytes.fromhex(HEX * 2))
    assert keys.parse(f":{HEX}").system_title == b""


@pytest.mark.parametrize(
    "argument", ["", HEX, f"{TITLE}:", f"{TITLE}:{HEX[1:]}", f"12:{HEX}", f"{TITLE}:{HEX}:1", f"a:b:c:{HEX}"]
)
def test_arguments_that_are_refused(argument: str) -> None:
    with pytest.raises(UsageError, match="--key: expected") as raised:
        keys.parse(argument)
    assert HEX[:8] not in str(raised.value)


def test_what_is_given_later_is_tried_first(write) -> None:  # type: ignore[no-untyped-def]
    low = write(f'[[key]]\nencryption = "{HEX}"', "low.toml")
    high = write(f'[[key]]\nencryption = "{HEX}"', "high.toml")
    found, _ = keys.ring([high], [f":{HEX}"], {keys.ENVIRONMENT: str(low)})
    assert [entry.name for entry in found.find(Parties())] == ["--key", "key 1 of high.toml", "key 1 of low.toml"]
    assert len(keys.ring(environment={})[0]) == 0


def test_types_show_no_key(write) -> None:  # type: ignore[no-untyped-def]
    sets, _ = keys.load(write(WHOLE))
    found, _ = keys.ring([write(WHOLE)], environment={})
    entry = keys.Entry(encryption=HEX, secret="open sesame")
    for shown in (repr(sets), str(sets), repr(found), repr(entry)):
        assert HEX.lower() not in shown.lower() and "sesame" not in shown


def test_a_crash_shows_no_key(write) -> None:  # type: ignore[no-untyped-def]
    """Not even a traceback with the locals of every frame."""
    code = (
        "import sys; from rich.traceback import install; install(show_locals=True)\n"
        "from analyzer import keys\n"
        "from dissectors.keys import Parties\n"
        "found, _ = keys.ring([sys.argv[1]], environment={})\n"
        "candidates = found.find(Parties())\n"
        "found.find(None)\n"
    )
    ran = subprocess.run([sys.executable, "-c", code, str(write(WHOLE))], capture_output=True, text=True, check=False)
    assert "AttributeError" in ran.stderr
    assert HEX.lower() not in ran.stderr.lower() and "sesame" not in ran.stderr
