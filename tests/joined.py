"""Two terminals heard as one, for tests: `python -m tests.joined UP DOWN` prints the name of a third."""

import os
import pty
import select
import sys
import tty


def main() -> None:
    heard = [os.open(name, os.O_RDONLY | os.O_NOCTTY) for name in sys.argv[1:]]
    master, terminal = pty.openpty()
    tty.setraw(terminal)
    print(os.ttyname(terminal), flush=True)
    while heard:
        for fd in select.select(heard, [], [])[0]:
            try:
                octets = os.read(fd, 4096)
            except OSError:
                octets = b""
            if not octets:
                heard.remove(fd)
            os.write(master, octets)


if __name__ == "__main__":
    main()
