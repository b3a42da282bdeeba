"""Content that grows does not lay out the screen again, unless a scroll bar comes or goes."""

import pytest
from textual.app import App, ComposeResult
from textual.geometry import Size

from tui.line_scroll import LineScroll


class Counting(App[None]):
    def __init__(self) -> None:
        super().__init__()
        self.view = LineScroll()
        self.layouts = 0

    def compose(self) -> ComposeResult:
        yield self.view


@pytest.mark.asyncio
async def test_layouts_only_for_scroll_bars(monkeypatch: pytest.MonkeyPatch) -> None:
    app = Counting()
    async with app.run_test(size=(40, 10)) as pilot:
        screen, layout = app.screen, app.screen._refresh_layout

        def counted(*given: object, **named: object) -> None:
            app.layouts += 1
            layout(*given, **named)  # type: ignore[arg-type]

        monkeypatch.setattr(screen, "_refresh_layout", counted)
        app.view.set_content_size(Size(30, 5))
        await pilot.pause()
        for height, bars, layouts in (
            (9, False, 0),
            (50, True, 1),
            (5000, True, 0),
            (10**6, True, 0),
            (3, False, 1),
        ):
            app.layouts = 0
            app.view.set_content_size(Size(30, height))
            await pilot.pause()
            assert app.view.show_vertical_scrollbar is bars
            assert (app.layouts > 0) == bool(layouts), height
            assert app.view.virtual_size == Size(30, height)
            assert app.view.max_scroll_y == max(0, height - 10)
