"""The one table of commands: what each is called, which key calls it, and where it works.

Bindings, the `?` help, the command palette and the check of a person's own key file are all made from
COMMANDS. A command `go.frame` is the method `action_go_frame` of the class that its place names.
"""

from collections.abc import Iterable, Mapping

import msgspec
from textual.binding import Binding, BindingType

from dissectors.errors import UsageError

SETS = ("plain", "vim")
NO_KEY = "none"  # Textual's bindings want a key; no terminal sends this one


class Command(msgspec.Struct, frozen=True):
    """where: the widget or screen that has the command ("app", "capture", "list", "tree", "octets", "text", …).
    plain, vim: its keys in the two sets, Textual's names joined by commas; vim "": as plain. Without keys it
    is in the palette alone. call: the action, where it is not the id's own method."""

    id: str
    where: str
    group: str
    title: str
    plain: str = ""
    vim: str = ""
    call: str = ""

    @property
    def action(self) -> str:
        return self.call or self.id.replace(".", "_").replace("-", "_")

    def keys(self, set_: str) -> str:
        return (self.vim or self.plain) if set_ == "vim" else self.plain


C = Command
COMMANDS: tuple[Command, ...] = (
    # -- the program ------------------------------------------------------------------------------------
    C("app.help", "app", "Program", "Keys and what they do", "question_mark,f1"),
    C("app.palette", "app", "Program", "Every command, by name", "colon,ctrl+p"),
    C("app.open", "app", "Program", "Open another capture", "ctrl+o"),
    C("app.theme", "app", "Program", "Next theme (light, dark, …)", "ctrl+t"),
    C("app.keys", "app", "Program", "Plain or vim keys"),
    C("app.screenshot", "app", "Program", "Save a picture of the screen (SVG)"),
    C("app.suspend", "app", "Program", "To the shell; fg comes back", "ctrl+z"),
    C("app.interrupt", "app", "Program", "Stop what runs; else quit", "ctrl+c"),
    C("app.leave", "app", "Program", "Quit", "q,ctrl+q"),
    # -- views ------------------------------------------------------------------------------------------
    C("view.packets", "capture", "Views", "Packets: list, tree, octets", "1"),
    C("view.autopsy", "capture", "Views", "Autopsy: what failed first, and why", "2"),
    C("view.follow", "capture", "Views", "Follow the association of the selected row", "3"),
    C("view.exchanges", "capture", "Views", "Exchanges with their ladder", "4"),
    C("view.timing", "capture", "Views", "Timing: statistics and verdicts per rule", "5"),
    C("view.findings", "capture", "Views", "Findings by severity", "6"),
    C("view.objects", "capture", "Views", "Objects and their last values", "7"),
    C("view.addresses", "capture", "Views", "Addresses: who talks to whom", "8"),
    C("view.line", "capture", "Views", "Line load and rates over time", "9"),
    C("view.profile", "capture", "Views", "Profile in force, by clause", "0"),
    C("view.health", "capture", "Views", "Health of the capture", "w"),
    # -- the packet view --------------------------------------------------------------------------------
    C("rows.level", "capture", "Rows", "Frames, messages or exchanges", "e"),
    C("rows.time", "capture", "Rows", "Next way to show time", "t"),
    C("rows.reference", "capture", "Rows", "Time reference here, on or off", "T"),
    C("rows.raw", "capture", "Rows", "Raw or resolved values", "v"),
    C("rows.columns", "capture", "Rows", "Choose and order columns", "C"),
    C("rows.column", "capture", "Rows", "The selected field as a column", "i"),
    C("rows.colours", "capture", "Rows", "Colour rules on or off", "V"),
    C("pane.layout", "capture", "Panes", "Next layout: below, right, list alone", "L"),
    C("pane.maximize", "capture", "Panes", "This pane alone, and back", "z"),
    C("pane.grow", "capture", "Panes", "Larger list", "ctrl+down"),
    C("pane.shrink", "capture", "Panes", "Smaller list", "ctrl+up"),
    # -- filters ----------------------------------------------------------------------------------------
    C("filter.edit", "capture", "Filter", "Type a display filter", "slash"),
    C("filter.selected", "capture", "Filter", "Filter by the selected cell or field …", "f"),
    C("filter.toggle", "capture", "Filter", "Last filter on or off", "x"),
    C("filter.clear", "capture", "Filter", "No filter", "X"),
    C("filter.bookmarks", "capture", "Filter", "Bookmarked filters", "b"),
    C("filter.cancel", "capture", "Filter", "Stop the filter or search that runs", "escape"),
    C("filter.complete", "filter", "Filter", "While typing: take the completion", "tab"),
    C("filter.older", "filter", "Filter", "While typing: previous completion, or an earlier filter", "up"),
    C("filter.newer", "filter", "Filter", "While typing: next completion, or a later filter", "down"),
    C("filter.leave", "filter", "Filter", "While typing: close the completions, or back to the rows", "escape"),
    # -- find and go ------------------------------------------------------------------------------------
    C("find.open", "capture", "Find", "Find text, regex, octets or a filter", "ctrl+f"),
    C("find.next", "capture", "Find", "Find the next", "n"),
    C("find.previous", "capture", "Find", "Find the previous", "N"),
    C("find.accept", "find", "Find", "In the dialog: find it", "enter"),
    C("find.older", "find", "Find", "In the dialog: an earlier search", "up"),
    C("find.newer", "find", "Find", "In the dialog: a later search", "down"),
    C("one-of.next", "one-of", "Find", "In the dialog: the next choice of a line", "right,space"),
    C("one-of.previous", "one-of", "Find", "In the dialog: the previous choice", "left"),
    C("go.frame", "capture", "Go", "Go to a frame by number", "g,ctrl+g", "ctrl+g"),
    C("go.counterpart", "capture", "Go", "Request or response of this row", "r"),
    C("go.next-association", "capture", "Go", "Next row of this association", "a"),
    C("go.previous-association", "capture", "Go", "Previous row of this association", "A"),
    C("go.next-object", "capture", "Go", "Next row of this object", "o"),
    C("go.previous-object", "capture", "Go", "Previous row of this object", "O"),
    C("go.next-finding", "capture", "Go", "Next finding", "right_square_bracket"),
    C("go.previous-finding", "capture", "Go", "Previous finding", "left_square_bracket"),
    C("go.next-mark", "capture", "Go", "Next mark", "right_curly_bracket"),
    C("go.previous-mark", "capture", "Go", "Previous mark", "left_curly_bracket"),
    C("go.back", "capture", "Go", "Back", "backspace,alt+left"),
    C("go.forward", "capture", "Go", "Forward", "alt+right"),
    # -- marks and export -------------------------------------------------------------------------------
    C("mark.toggle", "capture", "Marks", "Mark this row, or not", "m"),
    C("mark.comment", "capture", "Marks", "Comment on this frame", "c"),
    C("mark.clear", "capture", "Marks", "No marks"),
    C("copy.selected", "capture", "Export", "Copy the selection …", "y"),
    C("export.open", "capture", "Export", "Save what is shown …", "s"),
    # -- live and decoding ------------------------------------------------------------------------------
    C("live.pause", "capture", "Live", "Hold the display; the capture goes on", "space"),
    C("live.tail", "capture", "Live", "Follow the newest row", "F"),
    C("live.stop", "capture", "Live", "Stop recording, or record again", "S"),
    C("live.marker", "capture", "Live", "Put a marker into the recording", "M"),
    C("decode.profile", "capture", "Decode", "Another profile, and decode again …", "p"),
    C("decode.swap", "capture", "Decode", "Directions the other way round, and decode again", "d"),
    C("decode.key", "capture", "Decode", "Add a key, and decode again …", "K"),
    C("decode.again", "capture", "Decode", "Read the capture again", "ctrl+r"),
    # -- views of their own ------------------------------------------------------------------------------
    C("findings.errors", "findings", "Findings", "Errors only", "E"),
    C("findings.warnings", "findings", "Findings", "Warnings and errors", "W"),
    C("findings.all", "findings", "Findings", "Notes, warnings and errors", "asterisk"),
    C("follow.previous", "follow", "Follow", "Previous association", "less_than_sign"),
    C("follow.next", "follow", "Follow", "Next association", "greater_than_sign"),
    C("follow.form", "follow", "Follow", "Messages as text, octets or tree", "u"),
    C("exchanges.response", "exchanges", "Exchanges", "To the frame of the response", "r"),
    C("exchanges.slowest", "exchanges", "Exchanges", "Slowest first, or by number", "R"),
    C("exchanges.unanswered", "exchanges", "Exchanges", "Unanswered first, or by number", "U"),
    # -- views of the whole capture -----------------------------------------------------------------------
    C("line.finer", "line", "Line", "Shorter intervals", "plus,equals_sign"),
    C("line.wider", "line", "Line", "Longer intervals", "minus"),
    C("objects.group", "objects", "Objects", "By server and class, or one list", "u"),
    C("objects.narrow", "objects", "Objects", "Only objects with a text …", "U"),
    # -- lists ------------------------------------------------------------------------------------------
    C("list.down", "list", "Lists", "Down", "down", "down,j"),
    C("list.up", "list", "Lists", "Up", "up", "up,k"),
    C("list.page-down", "list", "Lists", "Page down", "pagedown", "pagedown,ctrl+d"),
    C("list.page-up", "list", "Lists", "Page up", "pageup", "pageup,ctrl+u"),
    C("list.top", "list", "Lists", "First row", "home", "home,g"),
    C("list.bottom", "list", "Lists", "Last row", "end", "end,G"),
    C("list.left", "list", "Lists", "Previous column", "left", "left,h"),
    C("list.right", "list", "Lists", "Next column", "right", "right,l"),
    C("list.activate", "list", "Lists", "Look at it: details, or the frame behind", "enter"),
    # -- the start screen -------------------------------------------------------------------------------
    C("start.source", "start", "Start", "Type a source", "slash"),
    C("start.browse", "start", "Start", "Look through folders", "b"),
    C("start.up", "start", "Start", "The folder above", "backspace"),
    C("start.again", "start", "Start", "Look again for files, ports, interfaces", "ctrl+r"),
    C("start.back", "start", "Start", "Back to the list, or to the capture", "escape"),
    # -- the tree of fields --------------------------------------------------------------------------------
    C("tree.up", "tree", "Fields", "Up", "up", "up,k", "cursor_up"),
    C("tree.down", "tree", "Fields", "Down", "down", "down,j", "cursor_down"),
    C("tree.page-up", "tree", "Fields", "Page up", "pageup", "pageup,ctrl+u", "page_up"),
    C("tree.page-down", "tree", "Fields", "Page down", "pagedown", "pagedown,ctrl+d", "page_down"),
    C("tree.first", "tree", "Fields", "First field", "home", "home,g", "first"),
    C("tree.last", "tree", "Fields", "Last field", "end", "end,G", "last"),
    C("tree.expand", "tree", "Fields", "Expand", "right", "right,l", "expand"),
    C("tree.collapse", "tree", "Fields", "Collapse, or to the parent", "left", "left,h", "collapse"),
    C("tree.toggle", "tree", "Fields", "Expand or collapse", "space,enter", "", "toggle_node"),
    C("tree.expand-all", "tree", "Fields", "Expand all below", "ctrl+right,asterisk", "", "expand_all"),
    C("tree.collapse-all", "tree", "Fields", "Collapse all", "ctrl+left,minus", "", "collapse_all"),
    C(
        "tree.pan-right",
        "tree",
        "Fields",
        "To the end of long lines",
        "shift+right",
        "shift+right,dollar_sign",
        "pan_right",
    ),
    C(
        "tree.pan-left",
        "tree",
        "Fields",
        "Back to their start",
        "shift+left",
        "shift+left,circumflex_accent",
        "pan_left",
    ),
    # -- octets -----------------------------------------------------------------------------------------------
    C("octets.left", "octets", "Octets", "Octet before", "left", "left,h", "move(-1)"),
    C("octets.right", "octets", "Octets", "Next octet", "right", "right,l", "move(1)"),
    C("octets.up", "octets", "Octets", "Line up", "up", "up,k", "move_lines(-1)"),
    C("octets.down", "octets", "Octets", "Line down", "down", "down,j", "move_lines(1)"),
    C("octets.page-up", "octets", "Octets", "Page up", "pageup", "pageup,ctrl+u", "move_pages(-1)"),
    C("octets.page-down", "octets", "Octets", "Page down", "pagedown", "pagedown,ctrl+d", "move_pages(1)"),
    C("octets.line-start", "octets", "Octets", "Start of line", "home", "", "line_start"),
    C("octets.line-end", "octets", "Octets", "End of line", "end", "", "line_end"),
    C("octets.first", "octets", "Octets", "First octet", "ctrl+home", "ctrl+home,g", "first"),
    C("octets.last", "octets", "Octets", "Last octet", "ctrl+end", "ctrl+end,G", "last"),
    C("octets.select-left", "octets", "Octets", "Select octet before", "shift+left", "", "move(-1, True)"),
    C("octets.select-right", "octets", "Octets", "Select next octet", "shift+right", "", "move(1, True)"),
    C("octets.select-up", "octets", "Octets", "Select line up", "shift+up", "", "move_lines(-1, True)"),
    C("octets.select-down", "octets", "Octets", "Select line down", "shift+down", "", "move_lines(1, True)"),
    C(
        "octets.select-line-start",
        "octets",
        "Octets",
        "Select to the start of the line",
        "shift+home",
        "",
        "line_start(True)",
    ),
    C("octets.select-line-end", "octets", "Octets", "Select to the end of the line", "shift+end", "", "line_end(True)"),
    C("octets.select-all", "octets", "Octets", "Select all octets", "ctrl+a", "", "select_all"),
    C("octets.next-buffer", "buffers", "Octets", "Next buffer", "full_stop", "", "next_buffer"),
    C("octets.previous-buffer", "buffers", "Octets", "Previous buffer", "comma", "", "previous_buffer"),
)
BY_ID: Mapping[str, Command] = {command.id: command for command in COMMANDS}


def of(where: str) -> list[BindingType]:
    """The bindings of a class, with the plain keys; a keymap puts others in their place."""
    return [
        Binding(c.plain or NO_KEY, c.action, c.title, show=False, id=c.id, priority=c.id == "app.interrupt")
        for c in COMMANDS
        if c.where == where
    ]


def keys(set_: str, own: Mapping[str, str] | None = None) -> dict[str, str]:
    """Keys in force by command id: of a set, with a person's own in their place. UsageError: no such command."""
    if set_ not in SETS:
        raise UsageError(f"keys: no set {set_!r}, expected {' or '.join(SETS)}")
    found = {c.id: c.keys(set_) or NO_KEY for c in COMMANDS}
    for name, chosen in (own or {}).items():
        if name not in BY_ID:
            raise UsageError(f"keys: no command {name!r}, expected one of cosemscope's commands (see ? in the program)")
        found[name] = chosen or NO_KEY
    return found


def keymap(set_: str, own: Mapping[str, str] | None = None) -> dict[str, str]:
    """Of the keys in force those that are not the plain ones: Textual goes through them all at each key."""
    return {name: chosen for name, chosen in keys(set_, own).items() if chosen != (BY_ID[name].plain or NO_KEY)}


SHOWN_KEYS = {
    "question_mark": "?", "slash": "/", "colon": ":", "left_square_bracket": "[", "right_square_bracket": "]",
    "left_curly_bracket": "{", "right_curly_bracket": "}", "plus": "+", "minus": "-", "full_stop": ".",
    "asterisk": "*", "less_than_sign": "<", "greater_than_sign": ">",
    "comma": ",", "equals_sign": "=", "pagedown": "PgDn", "pageup": "PgUp", "space": "Space", "enter": "Enter",
    "escape": "Esc", "backspace": "Backspace", "tab": "Tab", "up": "↑", "down": "↓", "left": "←", "right": "→",
    "home": "Home", "end": "End", "dollar_sign": "$", "circumflex_accent": "^",
}  # fmt: skip


def shown(keys: str) -> str:
    """ "ctrl+p,colon" as a person reads it: "Ctrl-P :"."""
    return " ".join(_shown(key) for key in keys.split(",") if key not in ("", NO_KEY))


def _shown(key: str) -> str:
    *modifiers, last = key.split("+")
    name = SHOWN_KEYS.get(last) or (last.upper() if modifiers or (len(last) > 1 and last[0] == "f") else last)
    return "-".join([*(modifier.capitalize() for modifier in modifiers), name])


def groups(commands: Iterable[Command]) -> dict[str, list[Command]]:
    """The commands by group, both in the order of the table."""
    found: dict[str, list[Command]] = {}
    for command in commands:
        found.setdefault(command.group, []).append(command)
    return found
