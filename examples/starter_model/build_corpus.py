"""Make the corpus file from the TEI files of ELTeC-eng, release 1.0.1.

Keeps paragraphs, headings and lines of verse of the body; drops everything else, such as
editors' notes and page numbers.
"""

import argparse
import json
import lzma
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

_TEI = "{http://www.tei-c.org/ns/1.0}"
_PARAGRAPHS = {_TEI + tag for tag in ("p", "head", "l")}
_DROPPED = {_TEI + tag for tag in ("note", "ref", "trailer")}
_BREAK = "\f"
_SOFT_HYPHEN = "\u00ad"


def paragraphs(element: Element) -> Iterator[str]:
    """The paragraphs, headings and verse lines below `element`, in order."""
    for child in element:
        if child.tag in _PARAGRAPHS:
            yield from filter(None, map(tidy, "".join(pieces(child)).split(_BREAK)))
        elif child.tag not in _DROPPED:
            yield from paragraphs(child)


def pieces(element: Element) -> Iterator[str]:
    """The text in `element` without editors' notes, with a break around every paragraph."""
    edge = _BREAK if element.tag in _PARAGRAPHS else ""
    yield edge + (element.text or "")
    for child in element:
        if child.tag not in _DROPPED:
            yield from pieces(child)
        yield child.tail or ""
    yield edge


def tidy(text: str) -> str:
    """One line, composed characters, no soft hyphens."""
    text = unicodedata.normalize("NFC", text.replace(_SOFT_HYPHEN, ""))
    return re.sub(r"\s+", " ", text).strip()


def novel(path: Path) -> dict[str, str]:
    """One line of the corpus."""
    root = ElementTree.parse(path).getroot()
    about = root.find(f".//{_TEI}titleStmt")
    body = root.find(f"{_TEI}text/{_TEI}body")
    if about is None or body is None:
        raise ValueError(f"{path} is not an ELTeC file: expected a titleStmt and a body")
    author = re.sub(r"\s*\(.*", "", tidy(about.findtext(f"{_TEI}author", "")))
    title = re.sub(r"\s+:\s.*", "", tidy(about.findtext(f"{_TEI}title", "")))
    text = "\n\n".join(paragraphs(body))
    return {"id": path.stem, "author": author, "title": title, "text": text}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("level1", type=Path, help="the folder level1 of the release")
    parser.add_argument("to", type=Path, help="the corpus to write, such as eltec-eng.jsonl.xz")
    options = parser.parse_args()
    with lzma.open(options.to, "wt", encoding="utf-8") as file:
        for path in sorted(options.level1.glob("ENG*.xml")):
            file.write(json.dumps(novel(path), ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
