"""A server without a web: documents over a scripted engine, behind a socket in the file system.

    python served.py FOLDER SOCKET [BUG]

For each line on standard input it forks a server and says its process id; that one is there to be
killed. Each line on the socket is a message of the protocol, as in a WebSocket.
"""

import asyncio
import os
import sys
from contextlib import suppress
from pathlib import Path

from planted import BUGS

from jupyter_sim.connection import Connection
from jupyter_sim.documents import Documents
from jupyter_sim.engine.scripted import ScriptedEngine
from jupyter_sim.protocol import FromDocument, encode


async def nowhere(path: str) -> bool:
    return False


async def serve(root: Path, socket: Path) -> None:
    documents = Documents(ScriptedEngine(), root)

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        def answer(said: FromDocument) -> None:
            writer.write(encode(said) + b"\n")

        connection = Connection(documents, answer, nowhere)
        with suppress(ConnectionError):  # the author is gone
            while line := await reader.readline():
                await connection.hear(line.decode())

    await (await asyncio.start_unix_server(connected, socket)).serve_forever()


def main() -> None:
    root, socket = Path(sys.argv[1]), Path(sys.argv[2])
    BUGS[sys.argv[3] if len(sys.argv) > 3 else ""]()
    while sys.stdin.readline():
        socket.unlink(missing_ok=True)
        child = os.fork()
        if child == 0:
            asyncio.run(serve(root, socket))
        print(child, flush=True)
        os.waitpid(child, 0)
        print("ended", flush=True)


if __name__ == "__main__":
    main()
