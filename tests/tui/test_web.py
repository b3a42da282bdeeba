"""A page in a browser: served on loopback, to whoever has the address."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest
from screens import ROOT, SERIAL

from analyzer.cli import build_parser
from dissectors.errors import UsageError

aiohttp = pytest.importorskip("aiohttp")
pytest.importorskip("textual_serve")
web = pytest.importorskip("tui.web")


@pytest.fixture
def address(tmp_path: Any) -> Iterator[str]:
    """What a served capture's program says to open."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {**os.environ, "XDG_CONFIG_HOME": str(tmp_path)}
    words = [sys.executable, "-m", "analyzer.cli", "open", "--web", "--port", str(port), SERIAL]
    process = subprocess.Popen(words, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    try:
        line = process.stderr.readline()
        found = re.search(r"http://\S+", line)
        assert found, line
        while True:  # it says so just before it listens
            with socket.socket() as tried:
                if tried.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.01)
        yield found[0]
        process.send_signal(signal.SIGINT)
        assert process.wait() == 0
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


@pytest.mark.asyncio
async def test_a_page_and_what_it_shows(address: str) -> None:
    async with aiohttp.ClientSession() as client, client.get(address) as page:
        assert page.status == 200
        assert page.headers["Content-Security-Policy"].startswith("default-src 'self'")
        text = await page.text()
        assert address.rpartition("=")[2] not in text
        url = re.search(r'data-session-websocket-url="([^"]+)"', text)
        assert url
        async with client.ws_connect(f"{url[1]}?width=100&height=30") as screen:
            seen = b""
            async for message in screen:
                seen += message.data if message.type == aiohttp.WSMsgType.BINARY else b""
                if b"136 frames" in seen:
                    break
            await screen.send_json(["stdin", "q"])
            async for _ in screen:
                pass
    assert b"136 frames" in seen


@pytest.mark.asyncio
async def test_nobody_else_is_let_in(address: str) -> None:
    base, _, _ = address.partition("/?")
    async with aiohttp.ClientSession() as stranger:
        for path in ("/", "/ws", "/?key=guessed", "/static/js/textual.js"):
            async with stranger.get(base + path) as answer:
                assert answer.status == 403
    async with aiohttp.ClientSession() as client:
        await client.get(address)
        async with client.get(base, headers={"Host": "rebound.example"}) as answer:
            assert answer.status == 403
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await client.ws_connect(base + "/ws", origin="http://other.example")
        async with client.get(base) as answer:
            assert answer.status == 200


def arguments(*words: str) -> Any:
    return build_parser().parse_args(["open", "--web", *words])


def test_the_command_of_a_page() -> None:
    given = arguments("--profile", "hdlc", "--keys", "my keys.toml", "--assume", "baud=300", "a b.pcapng")
    line = web.command(given)
    assert (
        line.endswith("'--keys=my keys.toml' -- 'a b.pcapng'") and "--assume=baud=300" in line and "--web" not in line
    )


def test_hosts() -> None:
    assert web.checked_host("localhost") == "localhost" and web.is_local("localhost")
    assert web.checked_host("::1") == "[::1]" and web.is_local("[::1]") and web.is_local("127.0.0.9")
    assert not web.is_local("192.0.2.1") and not web.is_local("meter-bench")
    with pytest.raises(UsageError, match="expected the one address"):
        web.checked_host("0.0.0.0")
    with pytest.raises(UsageError, match="no pipe"):
        web.serve(arguments("-"), print)


def test_another_host_is_warned_of(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []

    class Server:
        def __init__(self, *given: object) -> None: ...
        def serve(self) -> None: ...

    monkeypatch.setattr(web, "server_class", lambda: Server)
    assert web.serve(arguments("--host", "192.0.2.1", SERIAL), said.append) == 0
    assert said and "warning: 192.0.2.1 is not this machine alone" in said[0]
    said.clear()
    assert web.serve(arguments(SERIAL), said.append) == 0 and said == []


def test_without_the_package_one_line_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "textual_serve.server", None)
    with pytest.raises(UsageError, match=r"pip install 'cosemscope\[web\]'"):
        web.server_class()
