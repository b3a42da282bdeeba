import argparse

import pytest
from rich.cells import cell_len

from analyzer.profile_doc import document
from analyzer.session import Session
from tui.markdown_lines import headings, lines

DOCUMENT = """# Title

- One: *first* `code`
- Two: a long item that does not fit into the line and goes on below

## 1 Scope

A paragraph
of two lines.

| Name | Use |
|---|---|
| a\\|b | yes |
| c |  |
"""


def texts(markdown: str, width: int) -> list[str]:
    return [line.text for line in lines(markdown, width)]


def test_each_form_as_lines() -> None:
    assert texts(DOCUMENT, 40) == [
        "Title",
        "- One: first code",
        "- Two: a long item that does not fit",
        "  into the line and goes on below",
        "",
        "1 Scope",
        "A paragraph of two lines.",
        "",
        "Name  Use",
        "────  ───",
        "a|b   yes",
        "c",
        "",
    ]
    assert [(line.text, line.level) for line in lines(DOCUMENT, 40) if line.level] == [("Title", 1), ("1 Scope", 2)]


def test_headings_have_the_numbers_of_their_lines() -> None:
    found = headings(DOCUMENT)
    assert [(level, text) for _, level, text in found] == [(1, "Title"), (2, "1 Scope")]
    assert [block for block, _, _ in found] == [line.block for line in lines(DOCUMENT, 40) if line.level]


def test_a_table_too_wide_is_told_row_by_row() -> None:
    table = "| Rule | Remark |\n|---|---|\n| one | far more than fits into a line |\n| two | |\n"
    assert texts(table, 24) == [
        "Rule    one",
        "Remark  far more than",
        "        fits into a line",
        "",
        "Rule    two",
        "",
    ]


def test_what_is_in_a_file_is_data() -> None:
    found = texts("a \x1b[31mred\x1b[0m [bold]b[/] <b> ![x](y)", 80)
    assert found == ["a \\x1b[31mred\\x1b[0m [bold]b[/] <b> ![x](y)", ""]


@pytest.mark.parametrize("width", (30, 52, 85, 160))
def test_documents_of_the_profiles_fit(width: int) -> None:
    args = argparse.Namespace(profile=None, assume=[], keys=[], key=[], objects=None, quiet=True)
    for profile in Session(args, print).profiles():
        text = document(profile)
        found = lines(text, width)
        assert max(cell_len(line.text) for line in found) <= width
        assert "".join(line.text for line in found if line.level).count("Scope") == 1
        words = set(text.replace("|", " ").replace("#", " ").split())
        if width == 160:
            shown = {word for line in found for word in line.text.split()}
            assert len(words - shown) < len(words) / 10
