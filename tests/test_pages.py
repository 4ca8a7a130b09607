"""Nothing in a log is mark-up, link or script in what people read."""

import codecs
import re
from base64 import b64encode
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

from jupyter_sim.formats import html
from jupyter_sim.formats.embedded import BEGIN
from jupyter_sim.formats.markdown import escaped
from jupyter_sim.formats.simlog import read_log, write_log

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


def test_a_page_has_only_our_script_and_inert_data(sim: Run, built: str) -> None:
    page = "".join(html.page(log(EVIL), built))
    scripts = re.findall(
        r'<script( type="application/json" id="simlog")?>(.*?)</script>', page, re.S
    )
    assert [bool(kind) for kind, _ in scripts] == [True, False]
    assert not set("<>&") & set(scripts[0][1])
    Path("inner.simlog").write_text(scripts[0][1])
    assert read_log(Path("inner.simlog")).events == tuple(story(EVIL))
    ours = b64encode(sha256(scripts[1][1].encode()).digest()).decode()
    assert f"default-src 'none'; script-src 'sha256-{ours}'; style-src 'sha256-" in page
    assert "<img" not in page
    assert "http" not in page.replace("http-equiv", "")
    assert page.count("<script") == page.count("</script>") == 2
    assert "<pre>It was dark and cold.</pre>" in page


def test_the_log_in_a_page_is_verified_and_imported_as_a_session_log_is(
    sim: Run, built: str
) -> None:
    write_log(Path("story.simlog"), header(), story(EVIL))
    assert sim("export story.simlog -o story.html")[0] == 0
    status, out, _ = sim("history verify story.html")
    assert (status, out.count("whole")) == (0, 1)
    for option in ("", "--redact"):
        assert sim(f"export story.html -o again.html {option}")[0] == 0
        assert sim("history verify again.html")[0] == 0
    assert sim("replay again.html --format json")[0] == 0
    status, out, _ = sim("import story.html")
    assert (status, out.split(" into ")[0]) == (0, f"Took {len(story())} new events")


def crlf(page: bytes) -> bytes:
    return page.replace(b"\n", b"\r\n")


@pytest.mark.parametrize(
    "saved",
    [
        crlf,
        lambda page: codecs.BOM_UTF8 + page,
        lambda page: codecs.BOM_UTF8 + crlf(page),
        lambda page: page.replace(b"<main", b"<p id='simlog'></p><main"),
        lambda page: page.replace(b"</body>", page[page.index(BEGIN) :].replace(b"cold", b"warm")),
    ],
)
def test_a_page_that_a_program_saved_its_own_way_is_whole(
    sim: Run, built: str, saved: Callable[[bytes], bytes]
) -> None:
    Path("story.html").write_bytes(saved("".join(html.page(log(EVIL), built)).encode()))
    assert sim("history verify story.html")[0] == 0
    assert sim("import story.html")[1].startswith(f"Took {len(story())} new events")


def test_the_first_of_two_logs_in_a_page_counts_wherever_it_begins(sim: Run, built: str) -> None:
    page = "".join(html.page(log(), built)).encode()
    before, begin, rest = page.partition(BEGIN)
    first = begin + rest.partition(b"</script>")[0].replace(b"cold", b"warm") + b"</script>"
    for far in (0, 1024 * 1024 - 5):
        Path("story.html").write_bytes(before.ljust(far) + first + b"\n" + begin + rest)
        status, out, _ = sim("history verify story.html")
        assert (status, "is not what line" in out) == (1, True)


@pytest.mark.parametrize(
    ("changed", "wrong"),
    [
        (("cold", "warm"), "line {} is not what line {} proves"),
        (('"end":', '"end":1'), "events, not"),
        (("\n</script>", "\n{}\n</script>"), "something follows its end"),
        (("</script>", ""), "something follows its end"),
    ],
)
def test_a_page_that_was_altered_is_named(
    sim: Run, built: str, changed: tuple[str, str], wrong: str
) -> None:
    page = "".join(html.page(log(), built))
    begin = page.index('id="simlog">')
    Path("story.html").write_text(page[:begin] + page[begin:].replace(*changed, 1))
    number = page[begin : page.index(changed[0], begin)].count("\n") + 1
    status, out, _ = sim("history verify story.html")
    assert status == 1
    assert wrong.format(number, number + 1).removeprefix(f"line {number} ") in out


def test_a_page_without_the_built_script_is_a_sentence(
    sim: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_log(Path("story.simlog"), header(), story())
    monkeypatch.setattr(html, "STATIC", tmp_path / "none")
    status, _, err = sim("export story.simlog -o story.html")
    assert (status, err.count("\n")) == (2, 1)
    assert "replay.js" in err
