"""LineScroll: a scrolling widget that draws the lines in sight itself."""

from typing import Self

from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widget import Widget


class LineScroll(ScrollView):
    """`render_line` of a subclass gives each line whole, styled to its last cell; it is asked again for what
    `refresh` names. Without border and padding that is all: Textual would style line by line for these, which costs
    more than the lines themselves."""

    _drawn: dict[int, Strip]  # by their place on the screen
    _drawn_in: tuple[object, ...] = ()  # the room that they were drawn for

    def set_content_size(self, size: Size) -> None:
        """Other cells of content. Textual would lay out the screen at every change, twenty times a second while rows
        come; here that happens only where a scroll bar comes or goes."""
        if size != self.virtual_size:
            self.set_reactive(Widget.virtual_size, size)
            self._scroll_update(size)

    def refresh(self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False) -> Self:
        kept = self._drawn.items() if regions else ()
        self._drawn = {y: strip for y, strip in kept if not any(y in region.line_range for region in regions)}
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)

    def notify_style_update(self) -> None:
        self._drawn = {}
        super().notify_style_update()

    def render_lines(self, crop: Region) -> list[Strip]:
        if any(self.styles.gutter):
            return super().render_lines(crop)
        room = (self.size, self.scrollable_content_region.size, self.virtual_size.width)
        if room != self._drawn_in:
            self._drawn, self._drawn_in = {}, room
        filters, background, style = self.get_line_filters(), self.background_colors[1], self.rich_style
        width = self.size.width - self.show_vertical_scrollbar * self.scrollbar_size_vertical
        strips = []
        for y in crop.line_range:
            strip = self._drawn.get(y)
            if strip is None:
                strip = self._drawn[y] = self.render_line(y).adjust_cell_length(width, style)
            for filter in filters:
                strip = strip.apply_filter(filter, background)
            strips.append(strip.crop(*crop.column_span))
        return strips
