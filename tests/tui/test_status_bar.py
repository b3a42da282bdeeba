"""The line at the bottom holds at every width."""

import pytest
from rich.cells import cell_len
from textual.app import App, ComposeResult

from tui.status_bar import StatusBar


class Screen(App[None]):
    def compose(self) -> ComposeResult:
        yield StatusBar()

    def last(self) -> str:
        strips = self.screen._compositor.render_strips()
        return "".join(segment.text for segment in list(strips)[-1])

    def lines(self, count: int) -> str:
        """The last lines, so many."""
        strips = list(self.screen._compositor.render_strips())[-count:]
        return "\n".join("".join(segment.text for segment in strip) for strip in strips)


@pytest.mark.asyncio
@pytest.mark.parametrize("width", [10, 40, 80, 200])
async def test_what_is_said_and_counted(width: int) -> None:
    app = Screen()
    async with app.run_test(size=(width, 5)) as pilot:
        bar = app.query_one(StatusBar)
        for text in ("all is well", "[red]日本\x1b[2J" * 30, ""):
            for severity in ("information", "warning", "error"):
                bar.say(text, severity)
                bar.count("✗2 !15 ·11  136 frames")
                await pilot.pause()
                line = app.last()
                assert cell_len(line) == width and line.isprintable()
                if width >= 80:
                    assert line.rstrip().endswith("136 frames")
                    if text and severity != "information":
                        assert app.lines(bar.size.height)[0] in "✗!"


LONG = 'filter: character 23: expected a value: a number, "text", an OBIS code or a word, not the end of the filter'


@pytest.mark.asyncio
async def test_what_went_wrong_is_read_to_its_end() -> None:
    app = Screen()
    async with app.run_test(size=(80, 10)) as pilot:
        bar = app.query_one(StatusBar)
        bar.count("✗2 !15 ·11  136 frames")
        bar.say(LONG, "error")
        await pilot.pause()
        assert bar.size.height == 2
        said = " ".join(line[:57].rstrip() for line in app.lines(2).splitlines())
        assert said == f"✗ {LONG}" and app.last().endswith("136 frames")
        bar.say("word " * 200, "warning")
        await pilot.pause()
        assert bar.size.height == 4 and "…" in app.last()
        bar.say(LONG)
        await pilot.pause()
        assert bar.size.height == 1
        bar.say("short", "error")
        await pilot.pause()
        assert bar.size.height == 1
