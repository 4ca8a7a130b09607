"""How a session log stands in a page: as data in an element that no browser runs or shows.

    <script type="application/json" id="simlog">{"format":"simlog",…}
    {"prev":…,"event":{…}}
    {"prev":…,"end":43}
    </script>

Between the tags stands a session log, byte for byte, in whose JSON each `<`, `>` and `&` is written
as an escape; its digests are those of the lines as they stand. Line 1 is the one with the header.
This module knows no line's meaning.
"""

import os
from typing import BinaryIO

BEGIN = b'<script type="application/json" id="simlog">'
END = b"</script>"

_PAGE = b"<!doctype html>"
_PART = 1024 * 1024


def inert(line: bytes) -> bytes:
    """The same JSON without a character that could end the element or begin another."""
    return line.replace(b"<", b"\\u003c").replace(b">", b"\\u003e").replace(b"&", b"\\u0026")


def enter(file: BinaryIO) -> bytes:
    """Go to the beginning of the log: of the file itself, or of the one in a page. What has to
    stand behind the log's last line.
    """
    if file.read(len(_PAGE)).lower() == _PAGE:
        while line := file.readline(_PART):
            if line.startswith(BEGIN):
                file.seek(len(BEGIN) - len(line), os.SEEK_CUR)
                return END
    file.seek(0)
    return b""
