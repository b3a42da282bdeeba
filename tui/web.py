"""The terminal interface in a browser: `cosemscope open --web [SOURCE]`, by textual-serve.

Each page runs a program of its own, which may open and write whatever its user may. So a page is given only to
whoever has the address with its secret; then a cookie stands for it. Requests by names that the server was not told
(DNS rebinding) and web sockets of other pages are refused.
"""

import argparse
import hmac
import ipaddress
import secrets
import shlex
import sys
from collections.abc import Callable
from typing import Any

from dissectors.errors import CaptureError, UsageError

COOKIE = "cosemscope"
SECRET = "key"  # of the address' query
# Nothing is fetched from elsewhere: textual-serve's page names a font on another server.
POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self' data:; connect-src 'self' ws: wss:; frame-ancestors 'none'"
)
HEADERS = {"Content-Security-Policy": POLICY, "Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff"}


def serve(args: argparse.Namespace, say: Callable[[str], None]) -> int:
    """Serves until Control-C. UsageError: an address that cannot be, textual-serve is missing; CaptureError: the port
    is taken."""
    if "-" in args.source:
        raise UsageError("open --web -: a page has no pipe to read; expected a file or a live source")
    host = checked_host(args.host)
    server = server_class()(command(args), host, args.port, say)
    if not is_local(host):
        say(f"warning: {host} is not this machine alone: whoever gets the address sees the capture and your files")
    try:
        server.serve()
    except OSError as error:
        raise CaptureError(f"open --web: {host} port {args.port}: cannot be served on ({error.strerror})") from None
    return 0


def checked_host(host: str) -> str:
    """The host as a URL has it. UsageError: one that no browser can name."""
    try:
        address = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        if not host:
            raise UsageError("open --host: expected a name or address of this machine") from None
        return host
    if address.is_unspecified:
        raise UsageError(f"open --host {host}: expected the one address or name that browsers shall use")
    return f"[{address}]" if address.version == 6 else str(address)


def is_local(host: str) -> bool:
    """Whether only this machine can reach it."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def command(args: argparse.Namespace) -> str:
    """The shell's line that runs the program for one page."""
    words = [sys.executable, "-m", "analyzer.cli", "open", "--decision", args.decision]
    for option in ("profile", "assume", "keys", "key"):
        for value in getattr(args, option) or ():
            words += [f"--{option}={value}"]
    if args.objects:
        words += [f"--objects={args.objects}"]
    return shlex.join([*words, "--", *args.source])


def server_class() -> Any:
    """textual-serve's server with a lock on its door. UsageError where it is not installed."""
    try:
        from aiohttp import web
        from textual_serve.server import Server
    except ImportError:
        raise UsageError(
            "open --web: textual-serve is not installed; expected: pip install 'cosemscope[web]'"
        ) from None

    class Guarded(Server):
        """secret: in the address that is said, and in no page."""

        def __init__(self, command: str, host: str, port: int, say: Callable[[str], None]) -> None:
            self.secret = secrets.token_urlsafe(24)
            self.say = say
            super().__init__(command, host.strip("[]"), port, title="cosemscope", public_url=f"http://{host}:{port}")
            self.hosts = {f"{host}:{port}"} | ({host} if port == 80 else set())

        def initialize_logging(self) -> None:
            """None: its log shows the values of variables."""

        async def on_startup(self, app: Any) -> None:
            self.say(f"open {self.public_url}/?{SECRET}={self.secret} in a browser; Control-C ends it")

        async def _make_app(self) -> Any:
            app = await super()._make_app()
            app.middlewares.append(self.guard)
            return app

        @web.middleware
        async def guard(self, request: Any, handler: Any) -> Any:
            """Lets in who has the secret."""
            origin = request.headers.get("Origin")
            if request.host not in self.hosts or (origin and origin != f"http://{request.host}"):
                raise web.HTTPForbidden(text="cosemscope: another page or name asks; refused\n")
            if hmac.compare_digest(request.query.get(SECRET, "").encode(), self.secret.encode()):
                found = web.HTTPFound("/")
                found.set_cookie(self.cookie, self.secret, httponly=True, samesite="Strict")
                raise found
            if not hmac.compare_digest(request.cookies.get(self.cookie, "").encode(), self.secret.encode()):
                raise web.HTTPForbidden(text="cosemscope: expected the whole address that the program printed\n")
            response = await handler(request)
            if not response.prepared:
                response.headers.update(HEADERS)
            return response

        @property
        def cookie(self) -> str:
            """Cookies are shared by the ports of a host: each server has its own."""
            return f"{COOKIE}-{self.port}"

    return Guarded
