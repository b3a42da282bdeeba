"""Marks of direction, and the named formats on lines of the tools they are named after."""

import pytest

from captures.logformats import ACTIONS, ARROW, ARROWS, FORMATS, MARK, ROLES, TO_CLIENT, TO_SERVER, direction


@pytest.mark.parametrize("words", [ACTIONS, ROLES, ARROWS])
def test_every_word_and_arrow_is_found_in_a_line(words):
    for word, told in words.items():
        assert direction(f"12:00 {word} ") == told
        assert direction(f"[{word.upper()}]") == told
        assert MARK.fullmatch(word), word


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("client <- server", TO_CLIENT),
        ("server <- client", TO_SERVER),
        ("meter --> reader", TO_CLIENT),
        ("Sent to server", TO_SERVER),
        ("Received from meter", TO_CLIENT),
        ("nothing of the kind", None),
        ("texture", None),
        ("", None),
    ],
)
def test_who_sent(text, told):
    assert direction(text) == told


def test_s_is_send_beside_r():
    assert direction("S:") == TO_CLIENT
    assert direction("S:", s_is_send=True) == TO_SERVER
    assert direction("R:", s_is_send=True) == TO_CLIENT


@pytest.mark.parametrize(
    ("name", "text", "parts"),
    [
        ("gurux", "05:03:11 TX:\t7E A0 07", ("05:03:11", "TX", "7E A0 07")),
        ("gurux", "TX: 05:03:11\t7E A0 07", (None, "TX", "7E A0 07")),
        ("docklight", "20.10.2017 05:03:11.875 [RX] - 7E A0", ("20.10.2017 05:03:11.875", "RX", "7E A0")),
        ("docklight", "10/20/2017 05:03:11.87 PM [TX] - 7E", ("10/20/2017 05:03:11.87 PM", "TX", "7E")),
        ("interceptty", "> \t0x7e (~)", (None, ">", "7e")),
    ],
)
def test_lines_of_tools(name, text, parts):
    match = FORMATS[name].line.fullmatch(text)
    assert (match["time"], match["dir"], match["octets"]) == parts


def test_each_format_has_its_name():
    assert {name: layout.name for name, layout in FORMATS.items()} == {name: name for name in FORMATS}
    assert ARROW in MARK.pattern
