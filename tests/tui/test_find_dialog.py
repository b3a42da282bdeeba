import pytest
from dialogs import NOTHING, DialogApp
from screens import screen_text
from textual.widgets import Static

from tui.find_dialog import FindDialog, Query, recalled


@pytest.mark.parametrize("query", [Query("text", "a  b ", "row"), Query("hex", "C4 01", "octets")])
def test_a_query_is_remembered_as_a_line(query: Query) -> None:
    assert recalled(query.remembered()) == query


@pytest.mark.parametrize("line", ["", "text", "text row ", "sound row x", "text sky x"])
def test_lines_that_are_no_query(line: str) -> None:
    assert recalled(line) is None


@pytest.mark.parametrize(
    "query, octets, span",
    [
        (Query("hex", "c4 01", "octets"), b"\xc4\xc4\x01", (1, 3)),
        (Query("text", "LgZ.", "octets"), b"12lgz.4", (2, 6)),
        (Query("text", "LgZ.", "octets"), b"12lgzx4", None),
        (Query("regex", "\\xC4.", "octets"), b"\x00\xc4\n", (1, 3)),
    ],
)
def test_where_in_octets(query: Query, octets: bytes, span: tuple[int, int] | None) -> None:
    match = query.pattern().search(octets)
    assert (match and match.span()) == span


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "keys, query",
    [
        ("a b enter", Query("text", "ab", "row")),
        ("a tab right enter", Query("regex", "a", "row")),
        ("a tab right tab space tab right tab right enter", Query("regex", "a", "details", -1, False)),
        ("escape", None),
        ("enter", NOTHING),  # nothing to look for
        ("tab right right shift+tab x enter", NOTHING),  # no octets
        ("tab right right shift+tab 0 1 enter", Query("hex", "01", "row")),
        ("tab left shift+tab z z enter", NOTHING),  # no filter of this level
    ],
)
async def test_keys(keys: str, query: object) -> None:
    app = DialogApp(FindDialog("frame", Query()))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(*keys.split())
        await pilot.pause()
        assert app.got == query


@pytest.mark.asyncio
async def test_the_mouse_chooses_and_the_reason_is_said_while_typing() -> None:
    app = DialogApp(FindDialog("message", Query(needle="zz")))
    async with app.run_test(size=(80, 24)) as pilot:
        text = screen_text(app)
        assert "(●) text" in text and "( ) octets (hex)" in text and "(●) around the end" in text
        at = next(line for line in text.splitlines() if "octets (hex)" in line).index("octets (hex)")
        kind = app.screen.query_one("#kind")
        await pilot.click("#kind", offset=(at - kind.region.x, 0))
        await pilot.pause()
        assert "(●) octets (hex)" in screen_text(app)
        trouble = app.screen.query_one("#trouble", Static)
        assert "✗ find: 'zz' are no octets" in str(trouble.render())
        await pilot.click(offset=(0, 0))
        await pilot.pause()
        assert app.got is None


@pytest.mark.asyncio
async def test_up_and_down_recall_earlier_searches() -> None:
    app = DialogApp(FindDialog("frame", Query(), ["hex octets C4", "regex details a.b"]))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("up", "up", "up", "enter")
        await pilot.pause()
        assert app.got == Query("hex", "C4", "octets")
    app = DialogApp(FindDialog("frame", Query(), ["hex octets C4", "regex details a.b"]))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("up", "up", "down", "enter")
        await pilot.pause()
        assert app.got == Query("regex", "a.b", "details")
