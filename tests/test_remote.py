"""Files of servers that stop in the middle and come back, and of several places."""

from __future__ import annotations

import http.server
import importlib.util
import os
import re
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import uproot

from adl.compiler.ir import Column
from adl.runtime.inputs import InputError, remote
from adl.runtime.inputs.chunks import read
from adl.runtime.inputs.opening import open_input
from adl.runtime.inputs.paths import rewritten
from adl.runtime.inputs.patience import Patience

EVENTS = 2_000
X = [Column("x", "float32")]
needs_http = pytest.mark.skipif(
    importlib.util.find_spec("aiohttp") is None, reason="needs pip install 'adlc[http]'"
)
needs_xrootd = pytest.mark.skipif(
    shutil.which("xrootd") is None
    or os.geteuid() != 0
    or importlib.util.find_spec("fsspec_xrootd") is None,
    reason="needs root, Debian's xrootd-server and pip install 'adlc[xrootd]'",
)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(remote, "DELAYS", (0.1, 0.2, 0.4, 0.8, 1.6, 3.2))
    monkeypatch.setattr(remote, "PATIENCE", Patience(7))
    monkeypatch.setenv("ADL_CACHE_DIR", str(tmp_path / "cache"))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    return written(tmp_path / "data" / "events.root", 0)


def written(path: Path, seed: int) -> Path:
    values = np.random.default_rng(seed).normal(size=EVENTS).astype("f4")
    with uproot.recreate(path) as file:
        tree = file.mktree("Events", {"x": "float32"})
        for start in range(0, EVENTS, 100):
            tree.extend({"x": values[start : start + 100]})
    return path


class Ranges(http.server.SimpleHTTPRequestHandler):
    """Serves ranges of files, which the standard library's does not.

    In HTTP/1.0, so that no connection outlives the server.
    """

    folder = ""

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def _answer(self, *, body: bool) -> None:
        file = Path(self.folder) / self.path.lstrip("/")
        if not file.is_file():
            self.send_error(404)
            return
        content, start = file.read_bytes(), 0
        whole, asked = len(content), re.match(r"bytes=(\d+)-(\d*)", self.headers["Range"] or "")
        if asked:
            start, last = int(asked[1]), int(asked[2] or whole - 1)
            content = content[start : last + 1]
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{start + len(content) - 1}/{whole}")
        else:
            self.send_response(200)
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if body:
            self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        pass


class Web:
    """An HTTP server that can be stopped and started again."""

    def __init__(self, folder: Path) -> None:
        self.handler = type("Handler", (Ranges,), {"folder": str(folder)})
        self.port = 0
        self.start()

    def start(self) -> None:
        http.server.ThreadingHTTPServer.allow_reuse_address = True
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", self.port), self.handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def url(self, name: str) -> str:
        return f"http://127.0.0.1:{self.port}/{name}"


@pytest.fixture
def web(path: Path) -> Iterator[Web]:
    server = Web(path.parent)
    yield server
    server.stop()


class XRootD:
    """A real XRootD server, which does not run as root."""

    def __init__(self, folder: Path, scratch: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.folder, self.config, self.log = folder, scratch / "x.cfg", scratch / "log"
        for each in (folder, scratch):
            shutil.chown(each, "nobody")
        self.config.write_text(
            f"xrd.port {self.port}\nall.export {folder}\n"
            f"all.adminpath {scratch}\nall.pidpath {scratch}\n"
        )
        self.start()

    def start(self) -> None:
        command = ["xrootd", "-c", str(self.config), "-l", str(self.log)]
        self.process = subprocess.Popen(command, user="nobody", group="nogroup", extra_groups=[])
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.1)
        raise AssertionError("the server does not start")

    def stop(self) -> None:
        self.process.kill()
        self.process.wait(10)

    def url(self, name: str) -> str:
        return f"root://127.0.0.1:{self.port}/{self.folder}/{name}"


def later(action: Callable[[], None], seconds: float) -> threading.Thread:
    thread = threading.Timer(seconds, action)
    thread.start()
    return thread


def values(path: Path) -> bytes:
    with open_input(str(path)) as source:
        return read(source, X, [], 0, EVENTS).columns["x"].tobytes()


def interrupted(server: Web | XRootD) -> bytes:
    """What is read of a file whose server is away for a second in the middle."""
    with open_input(server.url("events.root")) as source:
        first = read(source, X, [], 0, 500).columns["x"].tobytes()
        server.stop()
        with pytest.raises(OSError, match="refused"):
            socket.create_connection(("127.0.0.1", server.port), 1).close()
        back = later(server.start, 1.0)
        rest = read(source, X, [], 500, EVENTS).columns["x"].tobytes()
        back.join()
    return first + rest


@needs_http
def test_a_web_server_that_comes_back_loses_nothing(web: Web, path: Path) -> None:
    assert interrupted(web) == values(path)


@needs_xrootd
def test_an_xrootd_server_that_comes_back_loses_nothing(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("XRD_CONNECTIONWINDOW", "XRD_CONNECTIONRETRY", "XRD_STREAMERRORWINDOW"):
        monkeypatch.setenv(name, "1")  # the client's own patience, before its library is loaded
    # Not in pytest's folders, which nobody but their owner may enter.
    with tempfile.TemporaryDirectory() as data, tempfile.TemporaryDirectory() as scratch:
        shutil.copy(path, data)
        server = XRootD(Path(data), Path(scratch))
        try:
            assert interrupted(server) == values(path)
        finally:
            server.stop()


@needs_http
def test_a_server_that_stays_away_is_named(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "PATIENCE", Patience(0.02))
    url = web.url("events.root")
    with open_input(url) as source:
        web.stop()
        with pytest.raises(InputError, match="x: entries 0 to 2000 cannot be read") as caught:
            read(source, X, [], 0, EVENTS)
        web.start()
    assert caught.value.path == url


@needs_http
def test_a_server_that_nobody_answers_for_is_waited_for_once(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    patience = Patience(0.5, told.append)
    monkeypatch.setattr(remote, "PATIENCE", patience)
    first, second = web.url("events.root"), web.url("other.root")
    web.stop()
    with pytest.raises(InputError, match=r"Cannot connect to host .* times in [01] s\)"):
        open_input(first)
    (text,) = told  # at once, and not again
    assert text.startswith(f"{first}: Cannot connect to host")
    assert re.search("; trying for [01] s$", text)
    with pytest.raises(InputError, match="Cannot connect to host"):
        open_input(second)
    assert len(told) == 1, "nothing waits for it again"
    assert patience.silent == {f"http://127.0.0.1:{web.port}"}
    web.start()
    with open_input(first):
        assert not patience.silent, "it is back"


@needs_http
def test_a_file_that_is_not_there_is_not_waited_for(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(_: float) -> None:
        raise AssertionError

    monkeypatch.setattr("adl.runtime.inputs.remote.time.sleep", never)
    with pytest.raises(InputError, match="the server has no such file"):
        open_input(web.url("missing.root"))


@needs_http
def test_a_replica_takes_over(web: Web, path: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    shutil.copy(path, tmp_path / "other" / "events.root")
    other = Web(tmp_path / "other")
    try:
        places = (other.url("missing.root"), web.url("events.root"), other.url("events.root"))
        with open_input("events", None, places) as source:
            first = read(source, X, [], 0, 500).columns["x"].tobytes()
            web.stop()
            rest = read(source, X, [], 500, EVENTS).columns["x"].tobytes()
            web.start()
        assert first + rest == values(path)
    finally:
        other.stop()


@needs_http
def test_a_replica_that_is_another_file_is_refused(
    web: Web, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote, "PATIENCE", Patience(0.02))
    written(path.parent / "other.root", 1)
    places = (web.url("events.root"), web.url("other.root"))
    with open_input("events", None, places) as source:
        path.unlink()
        with pytest.raises(InputError, match=r"another file|events\.root"):
            read(source, X, [], 0, EVENTS)


def test_a_rewrite_is_tried_before_the_file_itself() -> None:
    rules = [("root://far/", "/cache/"), ("root://", "https://near/")]
    assert rewritten("root://far/a.root", rules) == (
        "/cache/a.root",
        "https://near/far/a.root",
        "root://far/a.root",
    )
    assert rewritten("/local/a.root", rules) == ("/local/a.root",)
