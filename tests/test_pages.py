"""Nothing in a log is mark-up, link or script in what people read."""

import json
import re
from base64 import b64encode
from hashlib import sha256
from pathlib import Path

import msgspec
import pytest

from jupyter_sim.events import (
    Event,
)
from jupyter_sim.formats import html
from jupyter_sim.formats.markdown import escaped
from jupyter_sim.formats.simlog import write_log

from .judged import EVIL, Run, header, log, story

CANARY = "canary"


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A replay's script that needs no build."""
    (tmp_path / "static").mkdir()
    script = 'document.title = "</script>";\n'
    (tmp_path / "static" / "replay.js").write_text(script)
    monkeypatch.setattr(html, "STATIC", tmp_path / "static")
    return script


def test_markdown_shows_the_texts_and_each_fan() -> None:
    from jupyter_sim.formats.markdown import _lines

    said = "".join(_lines(log()))
    assert "# notes/story.ipynb\n" in said
    assert "## Cell cell\n\nIt was dark and cold.\n" in said
    assert (
        "- **accepted** “ dark wet”\n- **rejected** “ wet”\n- **seen** “ never mind wet”\n" in said
    )


@pytest.mark.parametrize(
    "text",
    [
        EVIL,
        "# not a heading",
        "1. no item",
        "- none",
        "    no code",
        "**x** _y_ `z` ~~s~~ | a |",
        "$x$",
    ],
)
def test_nothing_in_a_log_is_mark_up_in_markdown(text: str) -> None:
    from mistune import html as rendered

    page = rendered(escaped(text))
    assert isinstance(page, str)
    assert not re.search(r"<(?!/?p>|br ?/?>)", page)


def test_markdown_makes_no_link_of_an_address() -> None:
    assert escaped("see http://a.b www.a.b a@b.c") == "see http\\://a.b www\\.a.b a\\@b.c"
    assert escaped("a\u202eb\x1b") == "a\\<U+202E\\>b␛"


def test_a_page_has_only_our_script_and_inert_data(built: str) -> None:
    page = "".join(html.page(log(EVIL), built))
    scripts = re.findall(
        r"<script( type='application/json' id='simlog')?>(.*?)</script>", page, re.S
    )
    assert [bool(kind) for kind, _ in scripts] == [True, False]
    data = json.loads(scripts[0][1])
    assert msgspec.convert(data["events"], list[Event]) == story(EVIL)
    ours = b64encode(sha256(scripts[1][1].encode()).digest()).decode()
    assert f"default-src 'none'; script-src 'sha256-{ours}'; style-src 'sha256-" in page
    assert "<img" not in page
    assert "http" not in page.replace("http-equiv", "")
    assert page.count("<script") == page.count("</script>") == 2
    assert "<pre>It was dark and cold.</pre>" in page


def test_a_page_without_the_built_script_is_a_sentence(
    sim: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_log(Path("story.simlog"), header(), story())
    monkeypatch.setattr(html, "STATIC", tmp_path / "none")
    status, _, err = sim("export story.simlog -o story.html")
    assert (status, err.count("\n")) == (2, 1)
    assert "replay.js" in err
