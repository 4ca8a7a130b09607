"""The extension in a real Jupyter server, with the real worker and the starter model."""

import asyncio
import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect

from jupyter_sim.events import Proposed
from jupyter_sim.formats.notebook import write_notebook
from jupyter_sim.formats.simlog import read_log
from jupyter_sim.history import read
from jupyter_sim.protocol import MAX_MESSAGE
from jupyter_sim.summaries import documents

TOKEN = "the-token-of-this-test"
AUTHORIZED = {"Authorization": f"token {TOKEN}"}
EXTENSIONS = {"jupyter_sim": True, "jupyter_server_ydoc": False, "jupyter_server_fileid": False}
BASE = quote("/user/ä b/")
CANARY = "The canary was never to be logged. It was a dark and "


class Server:
    """A Jupyter server of its own folders, that has said where it listens."""

    def __init__(self, home: Path, *options: str) -> None:
        self.home = home
        self.log = home / "server.log"
        places = ("config", "data", "runtime", "root")
        for place in places:
            (home / place).mkdir(exist_ok=True)
        env = os.environ | {f"JUPYTER_{p.upper()}_DIR": str(home / p) for p in places[:3]}
        env["PYTHONWARNINGS"] = "error::RuntimeWarning"
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "jupyter_server", "--no-browser", "--allow-root"),
                *("--ip=127.0.0.1", "--port=0", "--ServerApp.port_retries=0"),
                f"--ServerApp.root_dir={home / 'root'}",
                f"--ServerApp.base_url={BASE}",
                f"--IdentityProvider.token={TOKEN}",
                f"--ServerApp.jpserver_extensions={EXTENSIONS}",
                *options,
            ],
            env=env,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.port = self._told_port()
        self._listening()

    def _listening(self) -> None:
        """Return once the port, which is told a moment too early, accepts connections."""
        for _ in range(100_000):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
        raise AssertionError(f"Nobody listens at port {self.port}")

    def _told_port(self) -> int:
        assert self.process.stderr is not None
        with self.log.open("w") as log:
            for line in self.process.stderr:
                log.write(line)
                found = re.search(r"http://127\.0\.0\.1:(\d+)/", line)
                if found:
                    return int(found[1])
        raise AssertionError(f"The server did not start:\n{self.log.read_text()}")

    def url(self, path: str, scheme: str = "http") -> str:
        return f"{scheme}://127.0.0.1:{self.port}{BASE}jupyter-sim/{path}"

    def stop(self, how: signal.Signals = signal.SIGTERM) -> str:
        """End the server, and return all that it logged."""
        self.process.send_signal(how)
        with self.process, self.log.open("a") as log:
            assert self.process.stderr is not None
            log.write(self.process.stderr.read())
        return self.log.read_text()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    running = Server(tmp_path_factory.mktemp("server"))
    yield running
    log = running.stop()
    assert CANARY not in log
    assert "Traceback" not in log


class Front:
    """A front end over a real WebSocket."""

    def __init__(self, socket: WebSocketClientConnection) -> None:
        self.socket = socket
        self.heard: list[dict[str, Any]] = []

    async def say(self, type: str, id: str, **fields: Any) -> None:
        await self.socket.write_message(json.dumps({"type": type, "id": id, **fields}))

    async def hear(self, type: str, **fields: Any) -> dict[str, Any]:
        """The next answer of this type with these fields."""
        while True:
            message = await asyncio.wait_for(self.socket.read_message(), 60)
            assert message is not None, f"the server hung up: {self.socket.close_reason}"
            answer: dict[str, Any] = json.loads(message)
            self.heard.append(answer)
            if answer["type"] == "refused" and type != "refused":
                raise AssertionError(answer)
            if answer["type"] == type and all(answer[k] == v for k, v in fields.items()):
                return answer

    async def write_and_propose(self, cell: str, n: int = 3) -> list[str]:
        """Candidates for the canary's text, all ended."""
        await self.say("sync", f"sync-{cell}-1", cell=cell, text=CANARY)
        await self.hear("acknowledged", id=f"sync-{cell}-1")
        draw = f"draw-{cell}-1"
        await self.say(
            "propose",
            draw,
            cell=cell,
            fan=f"fan-of-{cell}",
            at=len(CANARY),
            n=n,
            stop="sentence",
            max_tokens=12,
        )
        candidates: list[str] = (await self.hear("drawing"))["candidates"]
        for _ in candidates:
            await self.hear("ended", draw=draw)
        return candidates


@asynccontextmanager
async def front(
    server: Server, path: str, kind: str = "file", document: str | None = None
) -> AsyncIterator[tuple[Front, dict[str, Any]]]:
    """Someone at a document, and the welcome."""
    line = await websocket_connect(server.url(f"socket?token={TOKEN}", "ws"))
    person = Front(line)
    try:
        await person.say("hello", "hello-0001", kind=kind, path=path, document=document)
        yield person, await person.hear("welcome")
    finally:
        line.close()
        while await line.read_message() is not None:
            pass


async def fetch(server: Server, path: str, token: str | None) -> int:
    headers = {"Authorization": f"token {token}"} if token else {}
    request = HTTPRequest(server.url(path), headers=headers)
    response = await AsyncHTTPClient().fetch(request, raise_error=False)
    return response.code


@pytest.mark.parametrize(("token", "code"), [(TOKEN, 200), ("wrong", 403), (None, 403)])
async def test_the_status_is_for_those_who_may_read(
    server: Server, token: str | None, code: int
) -> None:
    assert await fetch(server, "status", token) == code


async def test_a_copy_that_is_made_over_the_contents_api_has_the_trees_of_the_first(
    server: Server,
) -> None:
    cells = {"cell": CANARY}
    write_notebook(server.home / "root" / "first.ipynb", "document-first", cells)
    async with front(server, "first.ipynb", "notebook", "document-first") as (first, welcome):
        assert welcome["document"] == "document-first"
        await first.say("sync", "sync-first-1", cell="cell", text=CANARY)
        await first.hear("acknowledged", id="sync-first-1")
    api = server.url("").replace("jupyter-sim/", "api/contents")
    body = json.dumps({"copy_from": "first.ipynb"})
    request = HTTPRequest(api, "POST", headers=AUTHORIZED, body=body)
    copy = json.loads((await AsyncHTTPClient().fetch(request)).body)["path"]
    async with front(server, copy, "notebook", "document-first") as (_, welcome):
        assert welcome["document"] != "document-first"
        assert welcome["cells"] == ["cell"]
    request = HTTPRequest(f"{api}/{copy}", "DELETE", headers=AUTHORIZED)
    await AsyncHTTPClient().fetch(request)
    body = json.dumps({"path": "renamed.ipynb"})
    request = HTTPRequest(f"{api}/first.ipynb", "PATCH", headers=AUTHORIZED, body=body)
    await AsyncHTTPClient().fetch(request)
    async with front(server, "renamed.ipynb", "notebook", "document-first") as (_, welcome):
        assert welcome["document"] == "document-first"


async def test_a_history_is_read_as_a_session_log_by_id_or_path(
    server: Server, tmp_path: Path
) -> None:
    async with front(server, "told & kept.txt") as (person, _):
        await person.write_and_propose("one")
    (summary,) = [d for d in documents(history(server)) if d.path == "told & kept.txt"]
    events, _ = read(summary.document, history(server))
    for query in (f"document={summary.document}", f"path={quote(summary.path)}"):
        request = HTTPRequest(server.url(f"log?{query}"), headers=AUTHORIZED)
        response = await AsyncHTTPClient().fetch(request)
        (tmp_path / "story.simlog").write_bytes(response.body)
        assert list(read_log(tmp_path / "story.simlog").events) == events
        assert response.headers["Content-Type"] == "application/x-ndjson"


@pytest.mark.parametrize("query", ["", "document=unknown-id", "document=../..", "path=none.txt"])
async def test_what_has_no_history_is_not_found(server: Server, query: str) -> None:
    assert await fetch(server, f"log?{query}", TOKEN) == 404


@pytest.mark.parametrize("token", ["wrong", None])
async def test_a_history_is_not_for_strangers(server: Server, token: str | None) -> None:
    assert await fetch(server, "log?document=unknown-id", token) == 403


@pytest.mark.parametrize("query", ["", "?token=wrong"])
async def test_the_socket_is_closed_to_strangers(server: Server, query: str) -> None:
    with pytest.raises(HTTPClientError) as refused:
        await websocket_connect(server.url(f"socket{query}", "ws"))
    assert refused.value.code == 403


async def test_candidates_come_from_the_real_model_and_are_on_disk(server: Server) -> None:
    async with front(server, "story.txt") as (person, _):
        candidates = await person.write_and_propose("one")
    assert len(candidates) == 3
    (summary,) = [d for d in documents(history(server)) if d.path == "story.txt"]
    events, damage = read(summary.document, history(server))
    names = [type(event).__name__ for event in events]
    assert names[:2] == ["Opened", "Proposed"]
    assert names.count("Generated") == 3
    assert not damage


async def test_a_message_that_is_too_large_is_refused_and_the_line_stays_open(
    server: Server,
) -> None:
    async with front(server, "large.txt") as (person, _):
        await person.say("sync", "sync-large-1", cell="c", text="x" * MAX_MESSAGE)
        answer = await person.hear("refused")
        assert "Split the text" in answer["message"]
        await person.say("sync", "sync-large-2", cell="c", text="small")
        await person.hear("acknowledged", id="sync-large-2")


async def test_what_is_no_message_is_refused_and_the_line_stays_open(server: Server) -> None:
    async with front(server, "odd.txt") as (person, _):
        for odd in ("", "{", "[]", '{"type":"launch"}', "\x00", "[" * 50_000):
            await person.socket.write_message(odd)
            assert (await person.hear("refused"))["code"] == "bad_input"
        await person.say("sync", "sync-odd-0001", cell="c", text="fine")
        await person.hear("acknowledged", id="sync-odd-0001")


async def test_an_acknowledged_verdict_outlives_a_killed_server(tmp_path: Path) -> None:
    server = Server(tmp_path)
    try:
        async with front(server, "killed.txt") as (person, _):
            (candidate,) = await person.write_and_propose("one", n=1)
            await person.say(
                "branch",
                "verdict-000001",
                cell="one",
                fan="fan-of-one",
                candidate=candidate,
                seen=[candidate],
            )
            await person.hear("acknowledged", id="verdict-000001")
            server.process.kill()
    finally:
        server.stop(signal.SIGKILL)
    (summary,) = documents(history(server))
    events, _ = read(summary.document, history(server))
    assert events[-1].stamp.id == "verdict-000001"


async def test_with_a_seed_the_same_text_gets_the_same_seeds_in_two_documents(
    tmp_path: Path,
) -> None:
    server = Server(tmp_path, "--SimApp.seed=7")
    try:
        for name in ("one", "two"):
            async with front(server, f"{name}.txt") as (person, _):
                await person.write_and_propose(name)
    finally:
        server.stop()
    logs = [read(summary.document, history(server))[0] for summary in documents(history(server))]
    one, two = [[event.seeds for event in log if isinstance(event, Proposed)] for log in logs]
    assert one == two
    assert len(set(one[0])) == 3


async def test_a_model_that_is_not_there_is_told_in_one_sentence(tmp_path: Path) -> None:
    server = Server(tmp_path, "--SimApp.model=/nowhere/model.gguf")
    try:
        async with front(server, "none.txt") as (person, _):
            with pytest.raises(AssertionError, match=r"/nowhere/model\.gguf"):
                await person.write_and_propose("one")
    finally:
        server.stop()


def history(server: Server) -> Path:
    return server.home / "data" / "jupyter_sim" / "history"
