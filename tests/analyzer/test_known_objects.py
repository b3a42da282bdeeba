"""The sidecar of known objects: what it gives, and that its errors name file, key and what was expected."""

import re
from pathlib import Path

import pytest
from talk import code

from analyzer.known_objects import load, parse
from dissectors.errors import UsageError

IMPORT = code("1-0:1.8.0*255")


def test_class_and_server_narrow_an_entry() -> None:
    known = parse(
        '[[object]]\nobis = "1.8.0"\nserver = 2\nclass = 3\nscaler = 3\nunit = "Wh"\n'
        '[[object]]\nobis = "1-0:1.8.0*255"\nscaler = 0\nunit = 30\nname = "Bezug"\n'
    )
    assert known.scaling(IMPORT, 3, 2) == (3, 30)
    assert known.scaling(IMPORT, 3, 1) == (0, 30)
    assert known.scaling(IMPORT, 4, 2) == (0, 30)
    assert known.name(IMPORT, 3, 2) == "Bezug"
    assert known.scaling(code("2.8.0"), 3, 1) is None and known.name(code("2.8.0"), 3, 1) == ""
    assert bool(known) and not parse("")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[[object]]\nobis = "x"\n', "object[0].obis: 'x' is no OBIS code"),
        ('[[object]]\nobis = "1.8.0"\nunit = "Wh"\n', "expected scaler"),
        ('[[object]]\nobis = "1.8.0"\nscaler = 1\n', "expected unit"),
        ('[[object]]\nobis = "1.8.0"\nscaler = 1\nunit = "furlong"\n', "object[0].unit: 'furlong' is no unit"),
        ('[[object]]\nobis = "1.8.0"\nscaler = 200\nunit = "Wh"\n', "<= 127"),
        ('[[object]]\nobis = "1.8.0"\ncolour = 1\n', "unknown field `colour`"),
        ("[[object]]\nname = 1\n", "$.object[0]"),
        ("[[object\n", "sidecar.toml"),
    ],
)
def test_errors_name_the_place(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "sidecar.toml"
    path.write_text(text)
    with pytest.raises(UsageError, match=re.escape(said)) as raised:
        load(path)
    assert "sidecar.toml" in str(raised.value)


def test_a_missing_file_and_one_that_is_not_utf_8(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        load(tmp_path / "none.toml")
    (tmp_path / "latin.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(UsageError, match="not UTF-8"):
        load(tmp_path / "latin.toml")
