"""A replay as one HTML file that needs nothing else: no network, no server, no other file.

The page holds, in this order: the final texts, escaped, for whoever runs no script; an empty
`<div id="replay">`; the log as data, each line proving the one before, as `embedded` says; and our
script, `static/replay.js`, that reads and checks the one, fills the other and then hides
`<main id="text">`. Its style is `static/replay.css`, if there is one.

No text of the log reaches the page as mark-up or script: in the JSON each `<` stands as an escape.
What was redacted is gone before the lines are made, and they prove what is left.
A content security policy allows our script and style by their digests and nothing else, no request
and no form.
"""

from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256
from html import escape
from pathlib import Path

from ..errors import BadInput
from ..tree import fold
from .embedded import BEGIN, END, inert
from .files import write_whole
from .plain import one_line, visible
from .simlog import Log, log_lines

STATIC = Path(__file__).parent.parent / "static"


def write_html(out: Path, log: Log) -> None:
    """Write the page. Raises BadInput where the replay's script is not built, HistoryError where
    the file cannot be written.
    """
    write_whole(out, page(log, *_built(STATIC)))


def page(log: Log, script: str, style: str = "") -> Iterator[str]:
    """The page, in parts, around a script and a style."""
    script = script.replace("</script", "<\\/script").replace("<!--", "<\\!--")
    style = style.replace("</style", "<\\/style")
    title = escape(one_line(log.header.path or log.header.document))
    policy = (
        f"default-src 'none'; script-src '{_digest(script)}'; style-src '{_digest(style)}'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )
    yield "<!doctype html>\n<html lang='en'>\n<head>\n<meta charset='utf-8'>\n"
    yield f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
    yield "<meta name='viewport' content='width=device-width'>\n"
    yield "<meta name='referrer' content='no-referrer'>\n"
    yield f"<title>{title}</title>\n<style>{style}</style>\n</head>\n<body>\n"
    yield f"<main id='text'>\n<h1>{title}</h1>\n"
    for tree in fold(log.events)[0].values():
        yield f"<pre>{escape(visible(tree.text))}</pre>\n"
    yield "</main>\n<div id='replay'></div>\n"
    yield BEGIN.decode()
    for line in log_lines(log.header, log.events, inert):
        yield line.decode()
    yield f"{END.decode()}\n<script>{script}</script>\n</body>\n</html>\n"


def _built(static: Path) -> tuple[str, str]:
    try:
        script = (static / "replay.js").read_text(encoding="utf-8")
    except OSError as error:
        raise BadInput(
            "The replay's script is missing from this installation (jupyter_sim/static/replay.js). "
            "Run `jlpm build` in a checkout, or reinstall jupyter-sim; or export as markdown."
        ) from error
    style = static / "replay.css"
    return script, style.read_text(encoding="utf-8") if style.exists() else ""


def _digest(text: str) -> str:
    """A source of a content security policy: what is allowed by its SHA-256."""
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"
