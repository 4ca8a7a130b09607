"""A folder of notebooks on a server, and pages that have them open, for the tests of copies."""

import json
import subprocess
import uuid
from functools import partial
from pathlib import Path
from typing import Any

from jupyter_server.services.contents.largefilemanager import AsyncLargeFileManager

from jupyter_sim import history, summaries, upkeep
from jupyter_sim.document import Document
from jupyter_sim.documents import Documents
from jupyter_sim.engine.scripted import ScriptedEngine
from jupyter_sim.formats.notebook import write_notebook
from jupyter_sim.protocol import Accept, Acknowledged, FromFront, Kind, Propose, Sync, Welcome
from jupyter_sim.server import saved
from jupyter_sim.tree import Tree, fold

from .line import Line
from .writer import told

TEXT = "It was "
SAID = "It was a dark night."


class Page:
    """A document as a front end has it open: what it read when it was opened, and its line."""

    def __init__(self, desk: "Desk", path: str, kind: Kind) -> None:
        self.path = path
        self.line = Line(desk.documents, desk.files)
        self._desk = desk
        self._kind = kind

    async def open(self) -> Welcome:
        """Greet, and tell what the recorded cells are found to say."""
        file = self._desk.root / self.path
        self.id, self.texts = None, {"text": file.read_text()}
        if self._kind == "notebook":
            content = json.loads(file.read_text())
            self.id = content["metadata"].get("jupyter_sim", {}).get("document")
            self.texts = {cell["id"]: "".join(cell["source"]) for cell in content["cells"]}
        self.welcome = await self.line.welcome(self.path, self.id, self._kind)
        for cell in self.welcome.cells:
            await self._tell(Sync(uuid.uuid4().hex, cell, self.texts[cell], found=True))
        return self.welcome

    @property
    def document(self) -> str:
        return self.welcome.document

    @property
    def tree(self) -> Tree:
        (tree,) = self._opened.trees.values()
        return tree

    @property
    def authors(self) -> str:
        tree = self.tree
        assert tree.head
        return "".join(run.author[0] * len(run.text) for run in tree.runs(tree.head))

    async def write(self, text: str) -> None:
        """Type until the only cell says so."""
        (cell,) = self.texts
        self.texts[cell] = text
        await self._tell(Sync(uuid.uuid4().hex, cell, text))

    async def propose(self) -> None:
        """Let the model go on, and accept what it says."""
        ((cell, text),) = self.texts.items()
        await self.write(text)
        draw, fan = uuid.uuid4().hex, uuid.uuid4().hex
        await self.line.draw(Propose(draw, cell, fan, len(text), 1, "sentence", 48))
        (candidate,) = self.tree.offered.keys() - self.tree.verdicts.keys()
        stop = len(self.tree.nodes[candidate].text)
        verdict = Accept(
            uuid.uuid4().hex, cell, fan, candidate, (candidate,), len(text), 0, stop, True
        )
        await self._tell(verdict)
        self.texts[cell] = self.tree.text

    def save(self) -> None:
        """Save, with the id of the document if it is a notebook."""
        file = self._desk.root / self.path
        if self._kind == "notebook":
            file.unlink(missing_ok=True)
            write_notebook(file, self.document, self.texts)
        else:
            file.write_text(self.texts["text"])

    def close(self) -> None:
        self.line.connection.close()

    @property
    def _opened(self) -> Document:
        return self._desk.documents._open[self.document]

    async def _tell(self, request: FromFront) -> None:
        assert await self.line.say(request) == Acknowledged(request.id)


class Desk:
    """A folder of notebooks, a server's documents, and one of the ways to change files."""

    def __init__(self, place: Path, way: str) -> None:
        self.root = place / "work"
        self.root.mkdir()
        self.histories = place / "history"
        self._way = way
        self._contents = AsyncLargeFileManager(root_dir=str(self.root))
        self.files = partial(saved, self._contents)
        self.start()

    def start(self) -> None:
        self.documents = Documents(ScriptedEngine(told((SAID[7:],) * 9)), self.histories)

    async def restart(self) -> None:
        """End the server and start it again."""
        await self.documents.close()
        self.start()

    def notebook(self, name: str, text: str = TEXT) -> None:
        write_notebook(self.root / name, "", {"cell": text})
        content = json.loads((self.root / name).read_text())
        (self.root / name).write_text(json.dumps({**content, "metadata": {}}))

    async def open(self, path: str, kind: Kind = "notebook") -> Page:
        page = Page(self, path, kind)
        await page.open()
        return page

    async def written(self, path: str, kind: Kind = "notebook") -> Page:
        """A document in which the model said something, saved and open."""
        page = await self.open(path, kind)
        await page.propose()
        page.save()
        return page

    async def rename(self, old: str, new: str) -> None:
        (self.root / new).parent.mkdir(exist_ok=True)
        await self._do(self._contents.rename_file, "mv", old, new)

    async def copy(self, old: str, new: str) -> None:
        await self._do(self._contents.copy, "cp", old, new)

    async def delete(self, path: str) -> None:
        await self._do(self._contents.delete_file, "rm", path)

    async def _do(self, lab: Any, shell: str, *paths: str) -> None:
        if self._way == "JupyterLab":
            await lab(*paths)
            return
        if self._way == "a shell, with the server stopped":
            await self.documents.close()
        subprocess.run([shell, *paths], cwd=self.root, check=True)
        if self._way == "a shell, with the server stopped":
            self.start()

    def recorded(self) -> dict[str, str]:
        """The path of each document that has a history."""
        return {one.document: one.path for one in summaries.documents(self.histories)}

    def read(self, document: str) -> Tree:
        """A document's tree as it is on disk, which is whole."""
        assert upkeep.verify(document, self.histories).problems == ()
        (tree,) = fold(history.read(document, self.histories)[0])[0].values()
        return tree
