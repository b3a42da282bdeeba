"""KeyedList: a table whose rows are made anew while it is looked at; the cursor stays on its row, wherever it went."""

from collections.abc import Hashable, Sequence

from tui.row_list import ListColumn, RowList, Rows


class KeyedList(RowList):
    """keys: one a row, all different."""

    keys: Sequence[Hashable] = ()

    def put(
        self, keys: Sequence[Hashable], rows: Rows, columns: Sequence[ListColumn] | None = None, top: bool = False
    ) -> None:
        """Other rows; the cursor goes where its key went, and so does what is around it. top: to the first row."""
        key, before = self.key, self.cursor
        self.keys = keys
        place = 0 if top or key is None else self._place_of(key, before)
        if place != before and before >= 0 and not top:
            y = max(0, round(self.scroll_offset.y) + place - before)
            self.show(rows, columns, place)
            self.scroll_to(y=y, animate=False, force=True)
        else:
            self.show(rows, columns, place)

    @property
    def key(self) -> Hashable:
        """Of the row under the cursor, None without."""
        return self.keys[self.cursor] if 0 <= self.cursor < len(self.keys) else None

    def _place_of(self, key: Hashable, before: int) -> int:
        if before < len(self.keys) and self.keys[before] == key:
            return before
        return next((place for place, other in enumerate(self.keys) if other == key), before)
