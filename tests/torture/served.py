"""A server without a web: documents over an engine, behind a socket in the file system.

    python -m tests.torture.served FOLDER SOCKET ENGINE [BUG]

For each line on standard input it forks a server and says its process id; that one is there to be
killed. Each line on the socket is a message of the protocol, as in a WebSocket. The engine is
`scripted`, or `llama`: a worker with the starter model, started again however often it dies.
"""

import asyncio
import os
import sys
from collections.abc import Callable
from pathlib import Path

from jupyter_sim.documents import Documents
from jupyter_sim.engine import client
from jupyter_sim.engine.client import LlamaEngine, Settings
from jupyter_sim.engine.messages import Engine
from jupyter_sim.engine.scripted import ScriptedEngine

from .lines import listen
from .planted import BUGS


def tireless() -> LlamaEngine:
    """An engine that starts its worker again at once, for ever. One thread waits for no other, so
    a busy machine does not slow it down.
    """
    client.MAX_DEATHS, client.BACK_OFF = sys.maxsize, (0.0,) * 10_000
    return LlamaEngine(settings=Settings(threads=1))


ENGINES: dict[str, Callable[[], Engine]] = {"scripted": ScriptedEngine, "llama": tireless}


def main() -> None:
    root, socket, engine = Path(sys.argv[1]), Path(sys.argv[2]), ENGINES[sys.argv[3]]
    BUGS[sys.argv[4] if len(sys.argv) > 4 else ""]()
    while sys.stdin.readline():
        socket.unlink(missing_ok=True)
        child = os.fork()
        if child == 0:
            asyncio.run(listen(Documents(engine(), root), socket))
        print(child, flush=True)
        os.waitpid(child, 0)
        print("ended", flush=True)


if __name__ == "__main__":
    main()
