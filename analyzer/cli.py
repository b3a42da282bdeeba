"""The command line: the composition root. stdout carries results only, stderr diagnostics.

Exit codes: 0 done; 1 a verdict that the user asked to fail on; 2 wrong usage, profile or filter;
3 the source could not be read; 4 the capture ended inside a record. 2 before 3 before 4 before 1.
"""

import argparse
import gc
import os
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from dissectors.errors import CaptureError, UsageError

if TYPE_CHECKING:
    from analyzer.session import Session

LATER = {
    "scrub": "scrubbing captures",
    "batch": "many captures at once",
    "compare": "comparing captures",
    "correlate": "correlating captures",
    "whatif": "what-if analysis",
}
LEVELS = ("message", "frame", "exchange", "finding", "association", "object", "address")


class Parser(argparse.ArgumentParser):
    """One clear line and exit code 2, instead of a usage dump."""

    def error(self, message: str) -> Any:
        raise UsageError(f"{self.prog}: {message} (try {self.prog} --help)")


def build_parser() -> Parser:
    """All commands with their options; nothing heavy is imported here."""
    parser = Parser(
        prog="cosemscope",
        description="Traffic analyzer for DLMS/COSEM (IEC 62056): decoding, addressing and timing verdicts.",
        epilog="example: cosemscope dump session.pcapng",
    )
    parser.add_argument("--version", action="version", version="%(prog)s 0.1.0")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", parser_class=Parser)

    def command(name: str, help: str, example: str) -> Parser:
        made = commands.add_parser(
            name, help=help, description=help, epilog=f"example: cosemscope {example}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )  # fmt: skip
        assert isinstance(made, Parser)
        return made

    def common(p: Parser) -> None:
        p.add_argument(
            "--profile", action="append", metavar="NAME|FILE", help="descriptor(s) to use; default: recognised"
        )
        p.add_argument("--assume", action="append", default=[], metavar="KEY=VALUE,…", help="what the file lacks")
        p.add_argument("--keys", action="append", default=[], metavar="FILE", help="key file (TOML)")
        p.add_argument("--key", action="append", default=[], metavar="TITLE:EK[:AK]", help="one key, hexadecimal")
        p.add_argument("--objects", metavar="FILE", help="scalers, units and names of known objects (TOML)")
        p.add_argument("--redact", action="store_true", help="without addresses, system titles and serial numbers")
        p.add_argument("--quiet", action="store_true", help="no progress and no remarks on stderr")

    p = command("open", "look at a capture in the terminal, live or from a file", "open session.pcapng")
    p.add_argument("source", nargs="*", metavar="SOURCE", help="a file, or live sources; none: a start screen")
    p.add_argument("--web", action="store_true", help="in a browser instead, on this machine only")
    p.add_argument("--host", default="localhost", metavar="NAME", help="with --web: the address to serve on")
    p.add_argument("--port", type=positive, default=8000, metavar="N", help="with --web: the port to serve on")
    p.add_argument("--decision", choices=("guarded", "simple"), default="guarded")
    common(p)

    p = command("dump", "decode a capture and print it, streaming", "dump session.pcapng --filter 'problems'")
    p.add_argument("source", nargs="+", metavar="SOURCE", help="one file, or live sources: serial:…, ip:… (see README)")
    p.add_argument("--format", choices=("text", "jsonl", "csv"), default="text")
    p.add_argument("--level", choices=LEVELS, default="message")
    p.add_argument("--follow", action="store_true", help="go on as the file grows")
    p.add_argument("--fields", default="", metavar="a,b,…")
    p.add_argument("--filter", default="", metavar="EXPR")
    p.add_argument("--tree", action="store_true", help="the dissection tree below each row")
    p.add_argument("--count", type=positive, default=0, metavar="N", help="stop after N printed rows")
    common(p)

    p = command("timing", "timing statistics and verdicts per rule", "timing session.pcapng --fail-on fail")
    p.add_argument("source", nargs="+", metavar="SOURCE")
    p.add_argument("--format", choices=("table", "csv", "json", "parquet"), default="table")
    p.add_argument("--each", action="store_true", help="one row a measurement")
    p.add_argument("--out", metavar="FILE")
    p.add_argument("--fail-on", choices=("fail", "undecidable", "never"), default="never")
    p.add_argument("--require", action="append", default=[], metavar="RULE[:N]")
    p.add_argument("--subject", choices=("server", "client", "network"))
    p.add_argument("--decision", choices=("guarded", "simple"), default="guarded")
    common(p)

    p = command("report", "every table, and one self-contained HTML page", "report session.pcapng --out report/")
    p.add_argument("source", nargs="+", metavar="SOURCE")
    p.add_argument("--out", required=True, metavar="DIR")
    p.add_argument("--formats", default="html,csv", metavar="html,csv,parquet,xlsx")
    p.add_argument("--decision", choices=("guarded", "simple"), default="guarded")
    common(p)

    p = command(
        "record", "capture without decoding on screen", "record serial:/dev/ttyUSB0?baud=9600 --write night.pcapng"
    )
    p.add_argument("spec", nargs="+", metavar="SPEC", help="serial:… or ip:…; several share one time line")
    p.add_argument("--write", required=True, metavar="FILE.pcapng", help="- for stdout")
    p.add_argument("--ring", default="", metavar="size=100MB,time=1h,files=10", help="a ring of files")
    p.add_argument("--duration", default="", metavar="TIME", help="stop after 90s, 10min, 1.5h")
    p.add_argument("--size", default="", metavar="SIZE", help="stop after so many octets of file, such as 100MB")
    p.add_argument("--count", type=positive, default=0, metavar="N", help="stop after N records")
    p.add_argument("--until", default="", metavar="EXPR", help="stop once a row matches this filter")
    p.add_argument("--after", type=positive, default=0, metavar="N", help="and N more rows after it")
    p.add_argument("--level", choices=("message", "frame", "exchange", "finding"), default="message")
    common(p)

    p = command(
        "calibrate", "measure a tap's time stamps with a second port",
        "calibrate serial:/dev/ttyUSB0?baud=9600 --feed /dev/ttyUSB1",
    )  # fmt: skip
    p.add_argument("spec", metavar="SPEC", help="the tap, at one rate")
    p.add_argument("--feed", required=True, metavar="DEVICE", help="the port that sends, its TXD on the tap's RXD")
    p.add_argument("--octets", type=positive, default=2000, metavar="N")
    p.add_argument("--quiet", action="store_true")

    p = command("decode", "decode one pasted frame or APDU", "decode '7E A0 07 03 21 93 0F 01 7E'")
    p.add_argument("hex", nargs="+", metavar="HEX|@FILE|-")
    p.add_argument("--as", dest="kind", default="auto", metavar="LAYER", help="auto, hdlc, wrapper, apdu, data, …")
    p.add_argument("--tree", action="store_true")
    p.add_argument("--format", choices=("text", "json"), default="text")
    p.add_argument("--profile", action="append", metavar="NAME|FILE")
    p.add_argument("--keys", action="append", default=[], metavar="FILE", help="key file (TOML)")
    p.add_argument("--key", action="append", default=[], metavar="TITLE:EK[:AK]", help="one key, hexadecimal")

    p = command("explain", "the autopsy: what failed first, and why", "explain session.pcapng")
    p.add_argument("source", nargs="+", metavar="SOURCE")
    p.add_argument("--format", choices=("text", "json"), default="text")
    common(p)

    p = command(
        "doctor", "why nothing decodes: rate, polarity, format, wires, addresses, encapsulation", "doctor tap.pcapng"
    )
    p.add_argument("source", nargs="+", metavar="SOURCE")
    p.add_argument("--format", choices=("text", "json"), default="text")
    p.add_argument("--seconds", type=positive, metavar="N", help="look at the first N seconds; ends a live source")
    common(p)

    p = command("profiles", "communication profile descriptors", "profiles doc hdlc")
    actions = p.add_subparsers(dest="action", metavar="ACTION", required=True, parser_class=Parser)
    actions.add_parser("list", help="the descriptors that ship")
    for name, what in (("show", "NAME|FILE"), ("doc", "NAME|FILE")):
        a = actions.add_parser(name, help="summary" if name == "show" else "the descriptor as a document")
        a.add_argument("name", metavar=what)
    a = actions.add_parser("check", help="check a descriptor and run its examples")
    a.add_argument("name", nargs="?", metavar="FILE")
    a.add_argument("--all", action="store_true", help="every descriptor that ships")
    a = actions.add_parser("new", help="a copy to edit, on stdout")
    a.add_argument("name", metavar="NAME")
    a.add_argument("--from", dest="base", default="hdlc", metavar="NAME")
    a = actions.add_parser("diff", help="what differs between two descriptors")
    a.add_argument("name", metavar="A")
    a.add_argument("other", metavar="B")

    p = command("fields", "every field that a filter or --fields may name", "fields --level message")
    p.add_argument("--format", choices=("text", "json"), default="text")
    p.add_argument("--level", choices=LEVELS)

    p = command("replay", "a recorded serial line on pseudo terminals, in its own time", "replay line.pcapng --to pty")
    p.add_argument("file", metavar="FILE")
    p.add_argument("--to", required=True, metavar="pty", help="pty: never a real port")
    p.add_argument("--speed", default="1x", metavar="2x|max", help="faster than it was; max: without waiting")
    p.add_argument("--loop", action="store_true", help="again and again, until Control-C")
    p.add_argument("--merge", action="store_true", help="all wires on one terminal, as one receiver hears them")
    p.add_argument("--channel", type=int, metavar="N", help="this channel only")
    p.add_argument("--start", type=positive, default=1, metavar="N", help="from this record")
    p.add_argument("--count", type=positive, metavar="N", help="so many records")
    p.add_argument(
        "--wait", action=argparse.BooleanOptionalAction, default=True, help="until a program has opened each terminal"
    )
    p.add_argument("--assume", action="append", default=[], metavar="KEY=VALUE,…", help="what the file lacks")
    p.add_argument("--quiet", action="store_true", help="no remarks on stderr but the lateness")

    p = command("extcap", "the program that Wireshark runs to capture from our taps", "extcap install")
    p.add_argument("action", nargs="?", choices=("install",), help="write it into Wireshark's extcap folder")
    p.add_argument("--dir", metavar="FOLDER", help="install there")
    for name in ("--extcap-interfaces", "--extcap-dlts", "--extcap-config", "--capture", "--markers"):
        p.add_argument(name, action="store_true")
    for name in ("version", "interface", "reload-option", "capture-filter"):
        p.add_argument(f"--extcap-{name}", metavar=name.upper())
    p.add_argument("--fifo", metavar="FILE")
    p.add_argument("--baud", default="9600", metavar="N|find")
    p.add_argument("--format", default="8N1", metavar="8N1|7E1|8E1")
    p.add_argument("--second-port", metavar="DEVICE", help="hears the server, where the first hears the client")
    p.add_argument("--profile", metavar="NAME")
    p.add_argument("--speed", default="1x", metavar="2x|max", help="of the demo")

    command("demo", "analyze the shipped captures and show what the program can do", "demo")
    for name, what in LATER.items():
        later = commands.add_parser(name, help=f"{what} (in a later version)")
        later.add_argument("rest", nargs=argparse.REMAINDER)
    return parser


def one_source(specs: Sequence[str]) -> str:
    """The one source of a command that takes one: several live ones are one."""
    from captures.source import together

    found = together(specs)
    if len(found) > 1:
        raise UsageError(f"{len(specs)} sources: expected one file, or live sources (serial:…, ip:…) together")
    return found[0]


def positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("expected a number from 1")
    return number


# -- commands: each returns whether the user's own condition (--fail-on) failed ------------------------


def open_command(args: argparse.Namespace, session: "Session") -> int:
    if args.redact:
        raise UsageError("open --redact: a screen shows octets; expected dump or explain with --redact")
    from tui import app

    return app.run(args, one_source(args.source) if args.source else "", session.insist)


def dump_command(args: argparse.Namespace, session: "Session") -> int:
    from analyzer import dump, redact

    keep = None
    if args.filter:
        from analyzer import filters

        keep = filters.compile(args.filter, args.level)
    fields = tuple(name.strip() for name in args.fields.split(",") if name.strip())
    dump.check_fields(args.level, fields)
    if args.redact and args.tree:
        raise UsageError("dump --redact --tree: a tree shows octets; expected one of the two")
    profiles = session.profiles()
    taps = dump.taps_for(args.level, {profile.name: profile for profile in profiles})
    spec = one_source(args.source)
    with session.source(spec, follow=args.follow) as source:
        run = session.run(source, profiles, tuple(taps.values()))
        run.associations.book.keep = args.level == "association"
        if keep is not None and args.level in ("message", "exchange"):
            run.remember_frames()
        dump.dump(
            run,
            dump.stream(run, args.level, taps),
            args.level,
            args.format,
            sys.stdout.buffer.write,
            fields=fields,
            keep=keep,
            count=args.count,
            tree=args.tree,
            # a pipe or an interface brings rows one by one; None: a whole file is read as fast as it can be
            flush=sys.stdout.buffer.flush if args.follow or source.size is None or sys.stdout.isatty() else None,
            redactor=redact.Redactor() if args.redact else None,
        )
    return 0


def timing_command(args: argparse.Namespace, session: "Session") -> int:
    from analyzer import timing_report

    return timing_report.command(args, session, sys.stdout.buffer.write)


def report_command(args: argparse.Namespace, session: "Session") -> int:
    from analyzer import report_files

    if args.redact:
        raise UsageError("report --redact: not there yet; expected dump or explain with --redact")
    for line in report_files.write(args, session):
        print(line)
    return 0


def record_command(args: argparse.Namespace, session: "Session") -> int:
    from analyzer import record

    return record.command(args, session, lambda text: print(text, end="", file=sys.stderr, flush=True))


def calibrate_command(args: argparse.Namespace, session: "Session") -> int:
    from analyzer import calibrate

    return calibrate.command(args, session, lambda line: print(line, flush=True))


def decode_command(args: argparse.Namespace, session: "Session") -> int:
    from analyzer import decode

    text = decode.read_text(args.hex)
    found = decode.decode(text, args.kind, session.profiles(), tree=args.tree, ring=session.ring())
    sys.stdout.buffer.write(decode.to_json(found) if args.format == "json" else decode.to_text(found))
    return 0


def explain_command(args: argparse.Namespace, session: "Session") -> int:
    from analyzer import explain

    profiles = session.profiles()
    with session.source(one_source(args.source)) as source:
        autopsy = explain.explain(session, source, profiles)
        if args.redact:
            autopsy = explain.redacted(autopsy)
        sys.stdout.buffer.write(explain.to_json(autopsy) if args.format == "json" else explain.to_text(autopsy))
    return 0


def doctor_command(args: argparse.Namespace, session: "Session") -> int:
    from threading import Timer

    from analyzer import doctor

    profiles = session.profiles()
    with session.source(one_source(args.source)) as source:
        live = source.size is None and args.seconds is not None
        timer = Timer(
            args.seconds if live else 0, getattr(source, "stop", source.close)
        )  # a silent line has no record that could end it
        if live:
            timer.start()
        try:
            report = doctor.examine(source, profiles, session.ring(), args.seconds)
        finally:
            timer.cancel()
        if args.redact:
            report = doctor.redacted(report)
        sys.stdout.buffer.write(doctor.to_json(report) if args.format == "json" else doctor.to_text(report))
    return 0


def profiles_command(args: argparse.Namespace, session: "Session") -> int:
    from analyzer import profile_commands

    text, good = profile_commands.run(args)
    if text:
        print(text, end="" if text.endswith("\n") else "\n")
    return 0 if good else 2


def fields_command(args: argparse.Namespace, session: "Session") -> int:
    from analyzer import field_list

    print(field_list.show(args.level, args.format))
    return 0


def demo_command(args: argparse.Namespace, session: "Session") -> int:
    from analyzer import demo

    demo.show(session, lambda text: print(text, flush=True))
    return 0


def replay_command(args: argparse.Namespace, session: "Session") -> int:
    from captures import replay

    options = replay.Options(
        args.file, args.to, replay.speed(args.speed), args.loop, args.wait, args.merge, args.channel, args.start,
        args.count,
    )  # fmt: skip
    replay.replay(options, session.assume(), lambda text: print(text, flush=True), session.say, session.insist)
    return 0


def extcap_command(args: argparse.Namespace, session: "Session") -> int:
    from analyzer import extcap

    for line in extcap.answer(args):
        print(line)
    return 0


COMMANDS: dict[str, Callable[[argparse.Namespace, "Session"], int]] = {
    "open": open_command,
    "dump": dump_command,
    "timing": timing_command,
    "report": report_command,
    "record": record_command,
    "calibrate": calibrate_command,
    "decode": decode_command,
    "explain": explain_command,
    "doctor": doctor_command,
    "profiles": profiles_command,
    "fields": fields_command,
    "demo": demo_command,
    "replay": replay_command,
    "extcap": extcap_command,
}


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command and gives its exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    parser = build_parser()
    try:
        args = parser.parse_args(words)
        if args.command is None:
            if not (sys.stdin.isatty() and sys.stdout.isatty()):
                parser.print_help()
                return 0
            args = parser.parse_args(["open"])
        if args.command in LATER:
            raise UsageError(f"cosemscope {args.command}: {LATER[args.command]} belongs to a later version")
        if args.command == "open":
            gc.disable()  # until everything is imported, which is a tenth faster: see tui.app.run
        from analyzer.session import Session

        session = Session(args, lambda line: print(f"cosemscope: {line}", file=sys.stderr))
        code = COMMANDS[args.command](args, session)
        sys.stdout.flush()
        return session.exit_code(code)
    except UsageError as error:
        print(f"cosemscope: {error}", file=sys.stderr)
        return 2
    except CaptureError as error:
        sys.stdout.flush()
        print(f"cosemscope: {error}", file=sys.stderr)
        return 3
    except BrokenPipeError:
        # Whoever read our output has seen enough; the flush at exit must not complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 0


if __name__ == "__main__":
    sys.exit(main())
