"""The page about the format of histories, and its JSON Schema, made from what the program knows.

`python -m jupyter_sim.formats.page page` prints the first, `… schema` the second; `make format`
writes both to `docs/`. The words of the page are the docstrings of `header` and of the events.
"""

import inspect
import json
import sys
from collections.abc import Iterator
from typing import Any

import msgspec

from .. import events
from . import chain, header, simlog

Schema = dict[str, Any]

LINES = {
    "a segment's header": header.Header,
    "a segment's line": chain.Line,
    "a session log's header": simlog.Header,
    "a session log's line": simlog.Entry,
}


def schema() -> Schema:
    """The JSON Schema of a line of a segment or of a session log."""
    found, definitions = msgspec.json.schema_components(
        LINES.values(), ref_template="#/$defs/{name}"
    )
    whole = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A line of a history",
        "oneOf": [{"title": name, **one} for name, one in zip(LINES, found, strict=True)],
        "$defs": dict(sorted(definitions.items())),
    }
    text = json.dumps(whole)
    for kind in (header, simlog):
        short = f"{kind.FORMAT.title()} Header".replace(" ", "").replace("-", "")
        text = text.replace(f"{kind.__name__}.Header", short)
    renamed: Schema = json.loads(text)
    return renamed


def page() -> str:
    """The page, in Markdown."""
    return "\n".join(_page()) + "\n"


def _page() -> Iterator[str]:
    title, _, words = inspect.cleandoc(header.__doc__ or "").partition("\n")
    yield "<!-- Made by `make format` from the docstrings of jupyter_sim; edit those. -->\n"
    yield f"# {title.rstrip('.')}"
    yield words
    yield "\n## Events\n"
    yield "Times are seconds since 1970, UTC. Log-probabilities are natural logarithms of the"
    yield "model's own distribution. For a program to check: `history.schema.json`."
    definitions = schema()["$defs"]
    kinds = [kind.__name__ for kind in events.Event.__args__]
    for name in kinds:
        yield from _described(name, definitions[name], "type")
    yield "\n## What they are made of"
    for name in _named_by([chain.Line.__name__], definitions):
        if name not in kinds and hasattr(events, name):
            yield from _described(name, definitions[name], "")


def _named_by(names: list[str], definitions: Schema) -> list[str]:
    """All definitions that some lead to, in the order in which they are met."""
    met = list(names)
    for name in met:
        for other in _references(definitions[name]):
            if other not in met:
                met.append(other)
    return met[len(names) :]


def _references(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"].rpartition("/")[2]
        for inner in node.values():
            yield from _references(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from _references(inner)


def _described(name: str, found: Schema, tag: str) -> Iterator[str]:
    yield f"\n### {_tag(found, tag) or name}\n"
    yield inspect.cleandoc(getattr(events, name).__doc__ or "") + "\n"
    if "properties" not in found:
        items = found.get("prefixItems", [])
        yield "A list of " + ", ".join(_words(item) for item in items) + "."
        return
    required = found.get("required", [])
    for field, kind in found["properties"].items():
        default = "" if field in required else f"; default `{json.dumps(kind.get('default'))}`"
        yield f"- `{field}`: {_words(kind)}{default}"


def _tag(found: Schema, tag: str) -> str:
    words = found.get("properties", {}).get(tag, {}).get("enum", [])
    return f"`{words[0]}`" if words else ""


def _words(kind: Schema) -> str:
    """A field's type in a few words."""
    match kind:
        case {"$ref": str(name)}:
            return name.rpartition("/")[2]
        case {"enum": list(words)}:
            return " or ".join(f"`{json.dumps(word)}`" for word in words)
        case {"const": word}:
            return f"`{json.dumps(word)}`"
        case {"anyOf": list(kinds)}:
            return " or ".join(_words(one) for one in kinds)
        case {"type": "array", "items": dict(items)}:
            return f"list of {_words(items)}"
        case {"type": "array", "prefixItems": list(items)}:
            return f"list of {', '.join(_words(one) for one in items)}"
        case {"type": str(name)}:
            return name + _bounds(kind)
        case _:
            return "anything"


def _bounds(kind: Schema) -> str:
    names = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤"}
    found = [f"{sign} {kind[name]}" for name, sign in names.items() if name in kind]
    return f" ({', '.join(found)})" if found else ""


if __name__ == "__main__":
    if sys.argv[1:] == ["schema"]:
        print(json.dumps(schema(), indent=1))
    else:
        print(page(), end="")
