"""Pictures of the main views for the README: docs/screens/*.svg, from the captures that ship.

    make screenshots

The pictures refer to nothing elsewhere: the font that the terminal's pictures would fetch is left out.
"""

import asyncio
import os
import re
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

SIZE = (120, 34)
SERIAL = "captures/demo/hdlc-serial.pcapng"
TCP = "captures/demo/wrapper-tcp.pcapng"
FONT = re.compile(r"@font-face\s*\{.*?\}\s*", re.DOTALL)
# name -> capture ("" for the start screen), keys
PICTURES: dict[str, tuple[str, tuple[str, ...]]] = {
    "start": ("", ()),
    "packets": (SERIAL, ("1", *["down"] * 10, "tab", "down", "down", "down")),
    "autopsy": (SERIAL, ("2",)),
    "follow": (SERIAL, ("1", *["down"] * 40, "3")),
    "exchanges": (SERIAL, ("4", *["down"] * 6)),
    "timing": (SERIAL, ("5",)),
    "findings": (SERIAL, ("6",)),
    "objects": (TCP, ("7",)),
    "line": (SERIAL, ("9",)),
}


async def picture(name: str, capture: str, keys: tuple[str, ...], folder: Path) -> None:
    from tui.app import CosemscopeApp
    from tui.loader import open_capture, options

    opened = open_capture(capture) if capture else None
    app: Any = CosemscopeApp(options(), opened)
    async with app.run_test(size=SIZE) as pilot:
        while opened is not None and opened.running:
            await pilot.pause(0.05)
        await pilot.pause(1)
        for key in keys:
            await pilot.press(key)
            await pilot.pause(0.05)
        await pilot.pause(1)
        svg = FONT.sub("", app.export_screenshot(title=f"cosemscope open {capture}".strip()))
        svg = svg.replace(str(ROOT), "~/cosemscope")
        (folder / f"{name}.svg").write_text(svg.rstrip() + "\n", encoding="utf-8")
    if opened is not None:
        opened.close()


def main() -> None:
    os.chdir(ROOT)
    folder = ROOT / "docs" / "screens"
    folder.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as nobody:
        os.environ["XDG_CONFIG_HOME"] = os.environ["XDG_STATE_HOME"] = nobody
        for name in sys.argv[1:] or PICTURES:
            asyncio.run(picture(name, *PICTURES[name], folder))


if __name__ == "__main__":
    main()
