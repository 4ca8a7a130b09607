"""The house stays one: who may import whom, read from the syntax trees.

Python's rules are a table of rooms; TypeScript's are forbidden directions. Each breach is one line
that names the file, the import and the rule.
"""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = "jupyter_sim"

VALUES = {"errors", "events", "engine.messages"}
PURE = {
    *("runs", "tree", "edits", "requests", "answers", "protocol", "prompt"),
    *("curation", "choices", "tally"),
}
STORES = {"folders", "summaries", "commits", "history", "upkeep", "imports", "formats"}
WORKER = {"errors", "events", "engine"}
# the engine on this side of the pipe
PARENT = {"engine.client", "engine.loading", "engine.builds"}
ENGINES = {"engine.client", "engine.remote", "engine.scripted", "models"}
DOCUMENT = {
    *("document", "documents", "connection", "replay", "regenerate", "cells", "facts", "follow"),
    *("draw", "proposals", "prompts", "questions", "explore", "measure", "seeds"),
}
BENCH = {"engine.apart", "engine.baseline", "engine.gauge", "engine.wire"}
TERMINAL = {"player", "propose", "bench"}
HOSTS = {"server", "widget", "magics", "cli", "commands"}

# Room -> what it may import. A room also holds the modules below it: "engine" holds "engine.llama".
MAY_IMPORT = {
    "errors": set[str](),
    "events": {"errors"},
    **dict.fromkeys(PURE, VALUES | PURE),
    **dict.fromkeys(STORES, VALUES | PURE | STORES),
    "commits": set[str](),
    "models": {"errors", "events"},
    "engine": WORKER,
    **dict.fromkeys(PARENT, WORKER | {"models"}),
    **dict.fromkeys(DOCUMENT, VALUES | PURE | STORES | ENGINES | DOCUMENT),
    "simulator": VALUES | PURE | STORES | ENGINES | DOCUMENT,
    **dict.fromkeys(TERMINAL, VALUES | PURE | STORES | ENGINES | DOCUMENT | TERMINAL),
    "bench": VALUES | PARENT | BENCH | {"models"},
    **dict.fromkeys(HOSTS, VALUES | PURE | STORES | ENGINES | DOCUMENT | TERMINAL | {"simulator"}),
    "cli": {"errors", "formats", "commands"},
    "__main__": {"cli"},
}

# An outside world -> the rooms that may touch it.
WORLDS = {
    "llama_cpp": {f"engine.{name}" for name in ("llama", "arrays", "chain", "baseline", "native")},
    "tornado": {"server"},
    "jupyter_server": {"server"},
    "jupyterlab": set[str](),
    "anywidget": {"widget"},
    "ipywidgets": {"widget"},
    "IPython": {"magics", "widget"},
    "pyarrow": {"formats"},
}

# A TypeScript module of js/src -> what it may import there; those unnamed may import all but hosts.
# `transport` only declares interfaces, and `config` is where the client is handed to the state.
SCRIPT_VALUES = {"protocol", "text", "transport", "tree", "growth"}
SCRIPTS_PURE = {
    f"editor/{name}" for name in ("state", "steps", "fan", "lengths", "order", "toggle", "voices")
}
SCRIPTS_REPLAY = {
    f"replay/{name}"
    for name in (
        *("schema", "check", "slices", "lines", "proofs", "reader"),
        *("reel", "tally", "account", "player"),
    )
}
SCRIPTS_OF_CLIENT = {
    *("ids", "shelf", "refusal", "line", "outbox", "told"),
    *("fans", "questions", "following", "measuring"),
}
SCRIPTS_MAY_IMPORT = {
    "protocol": set[str](),
    "words": set[str](),
    "visible": set[str](),
    "text": set[str](),
    "transport": {"protocol", "text"},
    "tree": {"protocol", "text"},
    "ids": set[str](),
    "backoff": set[str](),
    "growth": SCRIPT_VALUES,
    "measuring": {"protocol"},
    "following": SCRIPT_VALUES,
    "shelf": {"transport"},
    "refusal": set[str](),
    "line": {"protocol", "transport", "backoff"},
    "outbox": {"transport", "backoff", "refusal", "shelf"},
    "told": {"protocol", "transport", "ids", "outbox", "refusal"},
    "fans": {"protocol", "transport"},
    "questions": {"protocol", "ids"},
    "client": SCRIPT_VALUES | SCRIPTS_OF_CLIENT,
    "editor/config": SCRIPT_VALUES | SCRIPTS_PURE | {"client", "words"},
    **dict.fromkeys(SCRIPTS_PURE, SCRIPT_VALUES | SCRIPTS_PURE | {"editor/config"}),
    **dict.fromkeys(SCRIPTS_REPLAY, SCRIPT_VALUES | SCRIPTS_REPLAY | {"words", "visible"}),
}
SCRIPT_HOSTS = {"index", "widget", "replay/page"}

# A front end's folder -> the packages that it may import.
SCRIPT_WORLDS = {
    "js/src": r"@codemirror/|@lezer/|@anywidget/types$",
    "labextension/src": r"@codemirror/|@jupyterlab/|@lumino/|@jupyter/ydoc$|@jupyter-sim/core$",
}


class Import(NamedTuple):
    """One import statement: where it stands and what it names."""

    file: str
    line: int
    module: str
    target: str


def module_name(path: Path, package: Path) -> str:
    """Return `engine.llama` for PACKAGE/engine/llama.py and `` for PACKAGE/__init__.py."""
    parts = path.relative_to(package).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def python_imports(package: Path) -> Iterator[Import]:
    """Yield every import below a package, relative ones resolved."""
    for path in sorted(package.rglob("*.py")):
        module = module_name(path, package)
        inside = module if path.name == "__init__.py" else module.rpartition(".")[0]
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            for target in named_by(node, f"{PACKAGE}.{inside}".rstrip(".")):
                yield Import(str(path.relative_to(package.parent)), node.lineno, module, target)


def named_by(node: ast.AST, inside: str) -> list[str]:
    """Return the dotted names that a statement imports; `inside` is its package."""
    match node:
        case ast.Import(names=names):
            return [alias.name for alias in names]
        case ast.ImportFrom(module=module, names=names, level=level):
            up = inside.split(".")[: len(inside.split(".")) + 1 - level] if level else []
            source = ".".join([*up, *([module] if module else [])])
            return [f"{source}.{alias.name}" for alias in names]
    return []


def home(dotted: str, rooms: set[str]) -> str | None:
    """Return the innermost room that holds a module or a name in it."""
    parts = dotted.split(".")
    heads = (".".join(parts[:end]) for end in range(len(parts), 0, -1))
    return next((head for head in heads if head in rooms), None)


def python_breaches(package: Path) -> list[str]:
    """Return a line for each import that the tables forbid."""
    return [
        f"{found.file}:{found.line} imports {found.target}: {why}"
        for found in python_imports(package)
        if (why := breach_of(found))
    ]


def breach_of(found: Import) -> str | None:
    """Return the rule that an import breaks, if it breaks one."""
    world, _, inner = found.target.partition(".")
    if world != PACKAGE:
        return world_breach(found.module, world)
    if found.module == "" or inner.startswith("__"):
        return None  # the public face imports lazily from every room; its version is for all
    room = home(found.module, set(MAY_IMPORT))
    if room is None:
        return f"{found.module} is no room of the house; give it a place in tests/test_layers.py"
    allowed = MAY_IMPORT[room]
    if home(inner, allowed) or home(inner, {room}):
        return None
    return f"{room} may import only {', '.join(sorted(allowed)) or 'nothing of the package'}"


def world_breach(module: str, world: str) -> str | None:
    """Return the rule that importing an outside world breaks."""
    rooms = WORLDS.get(world)
    if rooms is None or home(module, rooms):
        return None
    return f"only {', '.join(sorted(rooms)) or 'nobody here'} may touch {world}"


def cycle(package: Path) -> list[str]:
    """Return the modules of one import cycle, or nothing; the lazy public face is left out."""
    modules = {module_name(path, package) for path in package.rglob("*.py")} - {""}
    graph: dict[str, set[str]] = {module: set() for module in modules}
    for found in python_imports(package):
        target = home(found.target.removeprefix(f"{PACKAGE}."), modules)
        if found.module and target and target != found.module:
            graph[found.module].add(target)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def script_imports(folder: Path) -> Iterator[Import]:
    """Yield every import of a folder of TypeScript, relative ones as paths from that folder."""
    for path in sorted(folder.rglob("*.ts*")):
        module = path.relative_to(folder).with_suffix("").as_posix()
        text = path.read_text(encoding="utf-8")
        for match in re.finditer(r"""(?:\bfrom|\bimport\(?)\s*["']([^"']+)["']""", text):
            target = match[1]
            if target.startswith("."):
                target = relative_script(path.parent, target, folder)
            yield Import(path.as_posix(), text.count("\n", 0, match.start()) + 1, module, target)


def relative_script(parent: Path, target: str, folder: Path) -> str:
    """Return a relative import as `./editor/state`, or as `../` where it leaves the folder."""
    meant = (parent / target).resolve()
    root = folder.resolve()
    if not meant.is_relative_to(root):
        return "../"
    return "./" + re.sub(r"\.(js|ts)$", "", meant.relative_to(root).as_posix())


def script_breaches(folder: Path, worlds: str) -> list[str]:
    """Return a line for each TypeScript import that the tables forbid."""
    return [
        f"{found.file}:{found.line} imports {found.target}: {why}"
        for found in script_imports(folder)
        if (why := script_breach(found, worlds))
    ]


def script_breach(found: Import, worlds: str) -> str | None:
    """Return the rule that a TypeScript import breaks, if it breaks one."""
    if found.target == "../":
        return "a front end imports no file outside its own src/"
    if not found.target.startswith("./"):
        return None if re.match(worlds, found.target) else f"only {worlds} are its outside worlds"
    inner = found.target.removeprefix("./")
    if inner in SCRIPT_HOSTS:
        return "nothing imports a host"
    allowed = SCRIPTS_MAY_IMPORT.get(found.module)
    if allowed is None or inner in allowed:
        return None
    return f"{found.module} may import only {', '.join(sorted(allowed)) or 'no module of js/src'}"


def test_python_imports_keep_their_directions() -> None:
    breaches = python_breaches(ROOT / PACKAGE)
    assert not breaches, "\n".join(breaches)


def test_python_imports_have_no_cycle() -> None:
    assert cycle(ROOT / PACKAGE) == []


@pytest.mark.parametrize("folder", SCRIPT_WORLDS)
def test_typescript_imports_keep_their_directions(folder: str) -> None:
    breaches = script_breaches(ROOT / folder, SCRIPT_WORLDS[folder])
    assert not breaches, "\n".join(breaches)


def test_importing_the_package_loads_no_host_and_no_model() -> None:
    heavy = sorted(WORLDS | {"numpy": None})
    code = f"import sys, jupyter_sim; print([name for name in {heavy} if name in sys.modules])"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"


def planted(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("tree.py", "from .history import History", "imports jupyter_sim.history.History: tree"),
        ("tree.py", "from . import document", "imports jupyter_sim.document: tree"),
        ("engine/worker.py", "from ..tree import Tree", "imports jupyter_sim.tree.Tree: engine"),
        ("engine/llama.py", "def f():\n    from .. import models", "llama.py:2 imports"),
        ("document.py", "from .engine.llama import Llama", "document may import only"),
        ("document.py", "import jupyter_sim.server", "document may import only"),
        ("magics.py", "from .cli import main", "magics may import only"),
        (
            "simulator.py",
            "import llama_cpp",
            "only engine.arrays, engine.baseline, engine.chain, engine.llama, engine.native may",
        ),
        ("cli.py", "from tornado import web", "only server may touch tornado"),
        ("helpers.py", "from .tree import Tree", "helpers is no room of the house"),
    ],
)
def test_a_planted_python_breach_is_named(tmp_path: Path, name: str, text: str, said: str) -> None:
    (breach,) = python_breaches(planted(tmp_path / PACKAGE, {name: text}))
    assert said in breach


def test_a_planted_python_cycle_is_named(tmp_path: Path) -> None:
    files = {"tree.py": "from .prompt import Prompt", "prompt.py": "from . import tree"}
    assert set(cycle(planted(tmp_path / PACKAGE, files))) == {"tree", "prompt"}


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("client.ts", 'import { Widget } from "@lumino/widgets";', "its outside worlds"),
        ("client.ts", 'export * from "./editor/plugin";', "client may import only"),
        ("tree.ts", 'import type { Client } from "./client";', "tree may import only"),
        ("editor/state.ts", "import {\n  a\n} from '../client.js';", "editor/state may import"),
        ("editor/plugin.ts", 'const x = await import("../widget");', "nothing imports a host"),
        ("treeview.ts", 'import "../../labextension/src/panel";', "outside its own src/"),
    ],
)
def test_a_planted_typescript_breach_is_named(
    tmp_path: Path, name: str, text: str, said: str
) -> None:
    folder = planted(tmp_path / "js" / "src", {name: text})
    (breach,) = script_breaches(folder, SCRIPT_WORLDS["js/src"])
    assert said in breach
