"""What every view has in common."""

import pytest
from screens import brought, open_app

from tui.capture_screen import VIEWS, CaptureScreen
from tui.view import View


@pytest.mark.asyncio
@pytest.mark.parametrize("size", [(80, 24), (200, 60)])
async def test_every_view_comes_up_filled_and_takes_the_keys(size: tuple[int, int]) -> None:
    async with open_app(size=size) as (app, pilot):
        screen = app.screen
        assert isinstance(screen, CaptureScreen)
        for name in VIEWS:
            view = await brought(pilot, name)
            assert isinstance(view, View) and view.name_of() == name == screen.current
            assert view.region.width == size[0] and view.TITLE
            focused = screen.focused
            assert focused is not None and view in focused.ancestors_with_self
            level, no = view.selection()
            assert (level == "") == (no == 0) or level in ("frame", "message", "exchange")
        assert [v.id for v in screen.query(View) if not v.has_class("hidden")] == [screen.current]
