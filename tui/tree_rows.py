"""The lines of a tree of fields: which nodes are open, in which order they stand, where an octet or a word is.

Nothing here draws. Rows are made when their parent opens, at most CHUNK at once: where a node has more children,
two rows stand for those before and after. What a person opens or closes is remembered by the path of field codes,
so the next row of the list shows the same.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence

from analyzer.trees import TreeNode

CHUNK = 2000  # children made at once
PROBLEM = "problem."  # what the fields of problem nodes begin with


class Row:
    """One line: a node; or without a node: `count` children of its parent that are not made."""

    __slots__ = ("children", "count", "depth", "first", "index", "node", "open", "parent", "path", "y")

    def __init__(self, node: TreeNode | None, parent: "Row | None", index: int, path: str) -> None:
        self.node = node
        self.parent = parent
        self.index = index  # among its parent's children
        self.path = path
        self.depth: int = 0 if parent is None else parent.depth + 1
        self.open = False
        self.first = 0  # the child that children[0] is
        self.count = 0
        self.children: list[Row] = []
        self.y = 0

    @property
    def can_open(self) -> bool:
        return self.node is not None and bool(self.node.children)

    @property
    def indexes(self) -> tuple[int, ...]:
        """Where it stands, from the top: these compare in the order of the lines of a tree all open."""
        out: list[int] = []
        row: Row | None = self
        while row is not None:
            out.append(row.index)
            row = row.parent
        return tuple(reversed(out))


class Rows:
    """The tree of one row of the list. `lines`: what is to be seen, from top to bottom."""

    def __init__(self, closed: Collection[str] = ()) -> None:
        """closed: fields of the top level that stay closed until a person opens them, while nothing is wrong there."""
        self.closed = closed
        self.lines: list[Row] = []
        self._roots: list[Row] = []
        self._choices: dict[str, bool] = {}  # path -> open; else as _at_first says

    def show(self, nodes: Sequence[TreeNode]) -> None:
        """Another tree, opened as the last one was; at most CHUNK rows below the top level."""
        self._roots = _rows(nodes, 0, len(nodes), None)
        self._open_as_before(self._roots)
        self._flatten()

    def open(self, row: Row) -> None:
        """Opens a node, or the next CHUNK nodes that a row without one stands for."""
        parent = row.parent
        if row.node is None and parent is not None:
            first, last = parent.first, parent.first + len(parent.children)
            self._open_as_before(
                _make(parent, first - CHUNK, last) if row.index < first else _make(parent, first, last + CHUNK)
            )
        elif row.can_open:
            self._choices[row.path] = True
            self._open_as_before(_open(row))
        self._flatten()

    def close(self, row: Row) -> None:
        self._choices[row.path] = False
        row.open = False
        self._flatten()

    def open_all(self, row: Row) -> None:
        """Opens a node and all below it, level by level, until CHUNK rows are made."""
        for opened in self._open_within([row], lambda _: True):
            self._choices[opened.path] = True
        self._flatten()

    def close_all(self) -> None:
        """Only the top level is left."""
        self._choices = {row.path: False for row in self._roots}
        waiting = list(self._roots)
        while waiting:
            row = waiting.pop()
            row.open = False
            waiting += row.children
        self._flatten()

    def bring(self, indexes: Sequence[int]) -> Row:
        """The row of a node, its parents opened."""
        row = self._roots[indexes[0]]
        for index in indexes[1:]:
            self._choices[row.path] = True
            _open(row)
            if not row.first <= index < row.first + len(row.children):
                first = index - index % CHUNK
                row.children = []  # rather another part than all up to there
                _make(row, first, first + CHUNK)
            row = row.children[index - row.first]
        self._flatten()
        return row

    def at(self, buffer: str, offset: int) -> tuple[int, ...] | None:
        """Indexes of the node with the fewest octets around an octet: of those alike the deepest, then the first,
        a problem last. None where the tree says nothing about it."""
        best: tuple[tuple[int, bool, int], tuple[int, ...]] | None = None
        waiting = _numbered((), self._nodes(), offset)
        while waiting:
            indexes, node = waiting.pop()
            if node.buffer != buffer:
                continue
            rank = (node.end - node.start, node.field.startswith(PROBLEM), -len(indexes))
            if best is None or rank < best[0]:
                best = rank, indexes
            waiting += _numbered(indexes, node.children, offset)
        return None if best is None else best[1]

    def find(self, text: str, after: tuple[int, ...], step: int) -> tuple[int, ...] | None:
        """Indexes of the next node (step 1) or the one before (-1) with text in its label or text, from a node on
        and around the end; upper and lower case are the same."""
        wanted = text.casefold()
        if not wanted:
            return None
        hits = [i for i, node in self._walk() if wanted in node.label.casefold() or wanted in node.text.casefold()]
        if not hits:
            return None
        if step > 0:
            return next((hit for hit in hits if hit > after), hits[0])
        return next((hit for hit in reversed(hits) if hit < after), hits[-1])

    def _walk(self) -> Iterator[tuple[tuple[int, ...], TreeNode]]:
        waiting = _numbered((), self._nodes())
        while waiting:
            indexes, node = waiting.pop()
            yield indexes, node
            waiting += _numbered(indexes, node.children)

    def _nodes(self) -> list[TreeNode]:
        return [row.node for row in self._roots if row.node is not None]

    def _open_as_before(self, rows: Sequence[Row]) -> None:
        self._open_within(rows, lambda row: self._choices.get(row.path, self._at_first(row)))

    def _at_first(self, row: Row) -> bool:
        """Whether a node that nobody opened or closed is open."""
        if row.depth or row.node is None:
            return False
        return row.node.field not in self.closed or any(c.field.startswith(PROBLEM) for c in row.node.children)

    def _open_within(self, rows: Sequence[Row], wanted: Callable[[Row], bool]) -> list[Row]:
        """Opens the rows that are wanted, level by level so that no deep branch takes all; CHUNK rows in all."""
        opened: list[Row] = []
        level, left = list(rows), CHUNK
        while level and left > 0:
            below: list[Row] = []
            for row in level:
                if left > 0 and row.can_open and wanted(row):
                    _open(row)
                    opened.append(row)
                    below += row.children
                    left -= len(row.children)
            level = below
        return opened

    def _flatten(self) -> None:
        lines: list[Row] = []
        waiting = self._roots[::-1]
        while waiting:
            row = waiting.pop()
            row.y = len(lines)
            lines.append(row)
            if row.open and row.node is not None:
                last = row.first + len(row.children)
                if last < len(row.node.children):
                    waiting.append(_rest(row, last, len(row.node.children)))
                waiting += row.children[::-1]
                if row.first:
                    waiting.append(_rest(row, 0, row.first))
        self.lines = lines


def _open(row: Row) -> list[Row]:
    """Opens a node; gives the rows made for it, none where it was open before."""
    row.open = True
    return [] if row.children else _make(row, 0, CHUNK)


def _make(row: Row, first: int, last: int) -> list[Row]:
    """Rows for the children first..last of a node, those made already kept; gives the new ones."""
    nodes = () if row.node is None else row.node.children
    first, last = max(0, first), min(last, len(nodes))
    if row.children:
        before = _rows(nodes, first, row.first, row)
        after = _rows(nodes, row.first + len(row.children), last, row)
    else:
        before, after = _rows(nodes, first, last, row), []
    row.first = first
    row.children = before + row.children + after
    return before + after


def _rows(nodes: Sequence[TreeNode], first: int, last: int, parent: Row | None) -> list[Row]:
    """Rows of nodes first..last. A path counts the siblings of the same field, so that an optional field that is
    missing renames no other."""
    seen = Counter(node.field for node in nodes[:first])
    above = "" if parent is None else parent.path
    out: list[Row] = []
    for index in range(first, last):
        node = nodes[index]
        out.append(Row(node, parent, index, f"{above}/{node.field}#{seen[node.field]}"))
        seen[node.field] += 1
    return out


def _rest(parent: Row, first: int, last: int) -> Row:
    row = Row(None, parent, first - 1, parent.path + "/")
    row.count = last - first
    return row


def _numbered(
    above: tuple[int, ...], nodes: Sequence[TreeNode], offset: int | None = None
) -> list[tuple[tuple[int, ...], TreeNode]]:
    """Nodes, or those around an octet, with their indexes, the first last: a stack to walk a tree downwards."""
    wanted = enumerate(nodes) if offset is None else ((i, n) for i, n in enumerate(nodes) if n.start <= offset < n.end)
    return [((*above, i), node) for i, node in wanted][::-1]
