"""How large the content of a scrolling widget is, set without laying out the whole screen each time it grows."""

from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.widget import Widget


def set_content_size(view: ScrollView, size: Size) -> None:
    """Other cells of content. Textual would lay out the screen at every change, twenty times a second while rows
    come; here that happens only where a scroll bar comes or goes."""
    if size != view.virtual_size:
        view.set_reactive(Widget.virtual_size, size)
        view._scroll_update(size)
