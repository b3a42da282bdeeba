"""Which nodes a tree shows: opened in parts, remembered by path, found by octet and by word."""

from analyzer.trees import TreeNode
from tui.tree_rows import CHUNK, Row, Rows


def node(
    field: str, *children: TreeNode, at: tuple[int, int] = (0, 0), text: str = "", buffer: str = "frame"
) -> TreeNode:
    return TreeNode(field, field.upper(), *at, buffer, text, children)


def shown(rows: Rows) -> list[str]:
    """A line a row, indented; rows for children not made as "+count"."""
    return ["  " * row.depth + (row.node.field if row.node else f"+{row.count}") for row in rows.lines]


def named(rows: Rows, field: str) -> Row:
    return next(row for row in rows.lines if row.node is not None and row.node.field == field)


def opened(rows: Rows, *fields: str) -> Rows:
    for field in fields:
        rows.open(named(rows, field))
    return rows


def frame() -> tuple[TreeNode, ...]:
    """Two layers over eight octets: the upper lies in the lower one's payload."""
    control = node("control", node("ns", at=(2, 3)), node("nr", at=(2, 3)), at=(2, 3))
    lower = node("lower", node("flag", at=(0, 1)), control, node("payload", at=(3, 7)), at=(0, 8))
    problem = node("problem.upper.odd", at=(4, 5), text="Odd number")
    return lower, node("upper", node("tag", at=(3, 4)), node("value", at=(4, 7), text="Übung"), problem, at=(3, 7))


def big(count: int = 20_000) -> tuple[TreeNode, ...]:
    return (node("data", *(node("item", at=(i, i + 1), text=str(i)) for i in range(count)), at=(0, count)),)


def test_the_top_level_is_open_and_the_rest_closed() -> None:
    rows = Rows()
    rows.show(frame())
    wanted = ["lower", "  flag", "  control", "  payload", "upper", "  tag", "  value", "  problem.upper.odd"]
    assert shown(rows) == wanted
    assert [row.y for row in rows.lines] == list(range(8))


def test_open_and_close() -> None:
    rows = Rows()
    rows.show(frame())
    opened(rows, "control")
    assert shown(rows)[:5] == ["lower", "  flag", "  control", "    ns", "    nr"]
    rows.close(named(rows, "lower"))
    assert shown(rows)[:2] == ["lower", "upper"]
    opened(rows, "lower")
    assert shown(rows)[3] == "    ns"  # below it as it was
    opened(rows, "flag")
    assert not named(rows, "flag").open


def test_the_next_tree_is_opened_alike() -> None:
    rows = Rows()
    rows.show(frame())
    opened(rows, "control")
    rows.close(named(rows, "upper"))
    control = node("control", node("ns"), node("nr"))
    rows.show((node("lower", node("added"), control), node("upper", node("tag"))))
    assert shown(rows) == ["lower", "  added", "  control", "    ns", "    nr", "upper"]


def test_siblings_of_one_field_are_remembered_apart() -> None:
    array = node("array", *(node("item", node("leaf")) for _ in range(3)))
    rows = Rows()
    rows.show((array,))
    rows.open(rows.lines[2])
    rows.show((array,))
    assert shown(rows) == ["array", "  item", "  item", "    leaf", "  item"]


def test_many_children_are_made_in_parts() -> None:
    rows = Rows()
    rows.show(big())
    assert len(rows.lines) == 1 + CHUNK + 1
    assert (rows.lines[-1].node, rows.lines[-1].count) == (None, 18_000)
    rows.open(rows.lines[-1])
    assert (len(rows.lines), rows.lines[-1].count) == (1 + 2 * CHUNK + 1, 16_000)
    for _ in range(8):
        rows.open(rows.lines[-1])
    assert [row.node.text for row in rows.lines[1:] if row.node] == [str(i) for i in range(20_000)]


def test_a_far_child_is_brought_with_its_part() -> None:
    rows = Rows()
    rows.show(big())
    row = rows.bring((0, 15_000))
    assert (row.node and row.node.text, rows.lines[row.y]) == ("15000", row)
    assert [rows.lines[1].count, len(rows.lines), rows.lines[-1].count] == [14_000, 1 + 1 + CHUNK + 1, 4_000]
    rows.open(rows.lines[1])
    assert [rows.lines[1].count, rows.lines[2].index] == [12_000, 12_000]
    rows.open(rows.lines[-1])
    assert [rows.lines[-1].count, rows.lines[-2].index] == [2_000, 17_999]


def test_open_all_stops_when_enough_is_open() -> None:
    leaves = [node("leaf") for _ in range(10)]
    rows = Rows()
    rows.show(
        (node("top", *(node("item", *leaves) for _ in range(1000))), node("next", node("a", node("b", node("c")))))
    )
    rows.open_all(rows.lines[0])
    assert CHUNK <= len(rows.lines) <= 2 * CHUNK
    rows.open_all(named(rows, "next"))
    assert shown(rows)[-4:] == ["next", "  a", "    b", "      c"]
    rows.close_all()
    assert shown(rows) == ["top", "next"]
    opened(rows, "next")
    assert shown(rows) == ["top", "next", "  a"]
    rows.show((node("top", node("item")),))
    assert shown(rows) == ["top"]


def test_what_was_opened_in_a_wide_tree_stays_bounded() -> None:
    leaves = [node("leaf") for _ in range(50)]
    tree = (node("top", *(node("item", *leaves) for _ in range(100))),)
    rows = Rows()
    rows.show(tree)
    for row in rows.lines[1:]:
        rows.open(row)
    assert len(rows.lines) == 1 + 100 + 5000
    rows.show(tree)
    assert CHUNK <= len(rows.lines) <= CHUNK + 1 + 50


def test_at_finds_the_smallest_then_the_deepest_field() -> None:
    rows = Rows()
    rows.show(frame())

    def at(offset: int, buffer: str = "frame") -> str | None:
        indexes = rows.at(buffer, offset)
        found = None if indexes is None else rows.bring(indexes).node
        return None if found is None else found.field

    assert [at(i) for i in range(9)] == [
        "flag",
        "lower",
        "ns",
        "tag",
        "problem.upper.odd",
        "value",
        "value",
        "lower",
        None,
    ]
    assert at(0, "packet") is None
    assert "    ns" in shown(rows)
    rows.show(())
    assert rows.at("frame", 0) is None


def test_find_goes_around_in_both_directions() -> None:
    rows = Rows()
    rows.show(frame())
    rows.close(named(rows, "upper"))
    assert rows.find("N", (0,), 1) == (0, 1)  # cONtrol
    assert rows.find("n", (0, 1), 1) == (0, 1, 0)
    assert rows.find("n", (0, 1, 1), 1) == (1, 1)
    assert rows.find("n", (1, 1), 1) == (1, 2)  # "Odd number"
    assert rows.find("n", (1, 2), 1) == (0, 1)
    assert rows.find("n", (0, 1), -1) == (1, 2)
    assert rows.find("ÜBUNG", (0,), -1) == (1, 1)
    assert rows.find("nowhere", (0,), 1) is None
    assert rows.find("", (0,), 1) is None


def test_a_search_from_a_row_of_more_goes_on_there() -> None:
    rows = Rows()
    rows.show(big())
    assert rows.find("4", rows.lines[-1].indexes, 1) == (0, 2004)
    rows.bring((0, 5000))
    assert rows.find("7", rows.lines[1].indexes, 1) == (0, 7)


def test_deep_trees_need_no_recursion() -> None:
    tree = node("leaf", at=(0, 1))
    for _ in range(3000):
        tree = node("level", tree, at=(0, 1))
    rows = Rows()
    rows.show((tree,))
    rows.open_all(rows.lines[0])
    assert len(rows.lines) > 1000
    indexes = rows.at("frame", 0)
    assert indexes is not None and len(indexes) == 3001
    assert rows.bring(indexes).depth == 3000
