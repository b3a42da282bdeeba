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
                        assert line[0] in "✗!"
