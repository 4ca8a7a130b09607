"""How a session log stands in a page: as data in an element that no browser runs or shows.

    <script type="application/json" id="simlog">{"format":"simlog",…}
    {"prev":…,"event":{…}}
    {"prev":…,"end":43}
    </script>

Between the tags stands a session log, byte for byte, in whose JSON each `<`, `>` and `&` is written
as an escape; its digests are those of the lines as they stand. Line 1 is the one with the header.
Of two such elements the first one counts. This module knows no line's meaning.
"""

import os
from codecs import BOM_UTF8
from typing import BinaryIO

BEGIN = b'<script type="application/json" id="simlog">'
END = b"</script>"

_PAGE = b"<!doctype html>"
_PART = 1024 * 1024


def inert(line: bytes) -> bytes:
    """The same JSON without a character that could end the element or begin another."""
    return line.replace(b"<", b"\\u003c").replace(b">", b"\\u003e").replace(b"&", b"\\u0026")


def parsed(line: bytes) -> bytes:
    """A line of a page as a browser reads it, whatever ends it in the file."""
    return line.replace(b"\r\n", b"\n")


def enter(file: BinaryIO) -> bytes:
    """Go to the beginning of the log: of the file itself, or of the first one in a page. What has
    to stand behind the log's last line.
    """
    beginning = file.read(len(BOM_UTF8) + len(_PAGE)).removeprefix(BOM_UTF8)
    if beginning[: len(_PAGE)].lower() == _PAGE:
        while part := file.read(_PART):
            if (at := part.find(BEGIN)) >= 0:
                file.seek(at + len(BEGIN) - len(part), os.SEEK_CUR)
                return END
            if len(part) == _PART:  # the next one may begin with the end of what this one cut
                file.seek(1 - len(BEGIN), os.SEEK_CUR)
    file.seek(0)
    return b""
