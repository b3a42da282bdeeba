"""Comments of a recorder."""

import pytest

from dissectors.link.remarks import clock_step, lost, marker


@pytest.mark.parametrize(
    ("comment", "expected"),
    [
        ("marker power-on", ("power-on", "")),
        ("marker key-x: the cover was opened", ("key-x", "the cover was opened")),
        ("marker button:", ("button", "")),
        ("status change, modem lines set: CTS\nmarker relay-off", ("relay-off", "")),
        ("marker relay-off\nstatus change, modem lines set: none", ("relay-off", "")),
        ("marker power on", None),
        ("a marker power-on", None),
        ("marker ", None),
        ("status change, modem lines set: CTS DSR", None),
    ],
)
def test_marker(comment: str, expected: tuple[str, str] | None) -> None:
    assert marker(comment) == expected


def test_clock_step_and_loss() -> None:
    assert clock_step("clock step +3600.000000 s") == "+3600.000000"
    assert clock_step("x\nclock step -0.5 s") == "-0.5"
    assert clock_step("clock step 5 s") is None and clock_step("the clock step +5 s") is None
    assert lost("loss: 17 octets, queue full") == 17 and lost("loss: 1 octet") == 1
    assert lost("a loss: 17 octets") == 0 and lost("loss: many octets") == 0
