"""The command line as people and scripts use it: real files, the real starter model."""

import asyncio
import io
import json
import os
import pty
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable
from itertools import takewhile
from pathlib import Path

import msgspec
import pytest

from jupyter_sim import folders, history
from jupyter_sim.cli import main, parser
from jupyter_sim.document import Document
from jupyter_sim.engine.scripted import ScriptedEngine
from jupyter_sim.events import Opened
from jupyter_sim.history import History
from jupyter_sim.models import STARTER
from jupyter_sim.protocol import Accept, Ended, FromDocument, Propose, Sync

DOCUMENT = "3f2a1111-2222"
PROMPT = "It was a dark and "
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def sim(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command in an empty folder with a data folder of its own: status, output, errors."""
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)

    def run(command: str, stdin: bytes = b"") -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        status = main(shlex.split(command))
        return status, *capsys.readouterr()

    return run


@pytest.fixture
def written(sim: Run) -> str:
    """Write a text with a candidate in it, as notes/story.ipynb; the text in the end."""
    return asyncio.run(write(DOCUMENT, "notes/story.ipynb"))


async def write(id: str, path: str) -> str:
    document = Document(History.open(id, path=path), ScriptedEngine())
    heard: list[FromDocument] = []
    drawn = asyncio.Event()

    def hear(answer: FromDocument) -> None:
        heard.append(answer)
        if sum(isinstance(answer, Ended) for answer in heard) == 3:
            drawn.set()

    document.join(hear)
    await document.handle(Sync(f"{id}-1", "cell", PROMPT), hear)
    await document.handle(Propose(f"{id}-2", "cell", "fan-00001", len(PROMPT), 3, "none", 48), hear)
    await drawn.wait()
    (first, *_) = (answer.candidate for answer in heard if isinstance(answer, Ended))
    await document.handle(
        Accept(f"{id}-3", "cell", "fan-00001", first, (first,), len(PROMPT), 0, 7, True), hear
    )
    text = document.trees["cell"].text + "\nand so on"
    await document.handle(Sync(f"{id}-4", "cell", text), hear)
    await document.close()
    return text


def refused(outcome: tuple[int, str, str]) -> str:
    """The one sentence of a command that could not be carried out."""
    status, out, err = outcome
    assert (status, out) == (2, "")
    assert err.startswith("jupyter sim: ")
    assert err.count("\n") == 1
    return err


def command(*arguments: str) -> list[str]:
    return [str(Path(sys.executable).with_name("jupyter")), "sim", *arguments]


def test_propose_prints_different_continuations_twice_the_same() -> None:
    ask = command("propose", "-n", "8", "--format", "json", "--seed", "1")
    once, again = (
        subprocess.run(ask, input=PROMPT, capture_output=True, text=True, check=True)
        for _ in range(2)
    )
    candidates = [json.loads(line) for line in once.stdout.splitlines()]
    assert [candidate["index"] for candidate in candidates] == list(range(8))
    assert len({candidate["text"] for candidate in candidates}) == 8
    for candidate in candidates:
        assert list(candidate) == ["index", "text", "tokens", "logprobs", "finish"]
        assert len(candidate["tokens"]) == len(candidate["logprobs"]) <= 48
        assert all(logprob <= 0 for logprob in candidate["logprobs"])
    assert once.stdout == again.stdout
    assert once.stderr == again.stderr == ""


def test_propose_reads_a_file_and_stops_where_it_is_told(sim: Run) -> None:
    Path("prompt.txt").write_text("The old man said that")
    ask = "propose prompt.txt -n 2 --stop word --seed 3 --temperature 0.5 --format json"
    status, out, _ = sim(ask)
    texts = [json.loads(line)["text"] for line in out.splitlines()]
    assert status == 0
    assert len(texts) == 2
    assert all(len(text.split()) == 1 for text in texts)


def test_propose_ends_at_strings_begins_differently_and_tells_alternatives(sim: Run) -> None:
    ask = "propose -n 4 --seed 1 --max-tokens 9 --distinct --top-k 40 --top-p 0.95 --min-p 0"
    status, out, _ = sim(f"{ask} --top 3 --stop-string , --stop-string . --format json", b"It was")
    candidates = [json.loads(line) for line in out.splitlines()]
    assert status == 0
    # what all share only spells the prompt's end
    columns = zip(*(candidate["tokens"] for candidate in candidates), strict=False)
    shared = sum(1 for _ in takewhile(lambda column: len(set(column)) == 1, columns))
    assert len({candidate["tokens"][shared] for candidate in candidates}) == 4
    for candidate in candidates:
        assert not set(candidate["text"]) & {",", "."}
        assert len(candidate["top"]) == len(candidate["tokens"])
        for row in candidate["top"]:
            assert len(row) == 3
            assert row == sorted(row, key=lambda one: -one[2])


def test_propose_prints_readable_text_by_default(sim: Run) -> None:
    status, out, err = sim("propose -n 2 --max-tokens 4", PROMPT.encode())
    assert (status, err) == (0, "")
    assert "── 1 of 2\n" in out
    assert "── 2 of 2\n" in out


def test_candidates_differ_from_one_seed_to_the_next(sim: Run) -> None:
    outputs = {sim(f"propose -n 1 --seed {seed}", PROMPT.encode())[1] for seed in (1, 2)}
    assert len(outputs) == 2


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("-n 0", "0 came for candidates (-n); it must be from 1 to 32."),
        ("-n 1000", "1,000 came for candidates (-n); it must be from 1 to 32."),
        ("--max-tokens 0", "from 1 to 4,096"),
        ("--temperature nan", "from 0 to 10"),
        ("--temperature -1", "from 0 to 10"),
        ("--top-k -1", "top-k (--top-k)"),
        ("--top-p 0", "top_p"),
        ("--min-p 2", "from 0 to 1"),
        ("--top 21", "from 0 to 20"),
        ("--stop-string ''", "length >= 1"),
        ("none.txt", "none.txt cannot be read: No such file or directory."),
        (".", "cannot be read: Is a directory."),
        ("--model none.gguf", "none.gguf does not exist"),
        ("--model '~nosuchuser/x.gguf'", "The model ~nosuchuser/x.gguf cannot be read"),
    ],
)
def test_propose_refuses_with_one_sentence(sim: Run, options: str, said: str) -> None:
    assert said in refused(sim(f"propose {options}", b"It was"))


def test_propose_names_the_byte_that_is_no_utf_8(sim: Run) -> None:
    assert "byte 7 is 0xff" in refused(sim("propose", b"It was \xff"))


def test_propose_names_a_model_that_is_none_and_one_that_is_cut(sim: Run) -> None:
    Path("text.gguf").write_text("It was a dark and stormy night.")
    Path("cut.gguf").write_bytes(STARTER.read_bytes()[:1_000_000])
    assert "text.gguf" in refused(sim("propose --model text.gguf"))
    assert "cut.gguf" in refused(sim("propose --model cut.gguf"))


def test_propose_says_when_the_prompt_is_longer_than_the_context(sim: Run) -> None:
    assert "context" in refused(sim("propose", b"It was a dark and stormy night. " * 10_000))


def test_history_list_names_documents_and_counts_events(sim: Run, written: str) -> None:
    status, out, _ = sim("history list")
    assert status == 0
    assert f"7 events  {DOCUMENT}  notes/story.ipynb\n" in out
    (line,) = sim("history list --format json")[1].splitlines()
    assert json.loads(line).items() >= {"document": DOCUMENT, "events": 7}.items()


def test_history_list_says_when_there_is_none(sim: Run) -> None:
    status, out, _ = sim("history list")
    assert (status, out.count("\n")) == (0, 1)
    assert "No document has a history yet" in out
    assert sim("history list --format json")[1] == ""


def test_history_show_tells_what_happened(sim: Run, written: str) -> None:
    status, out, err = sim(f"history show {DOCUMENT}")
    assert (status, err) == (0, "")
    assert len(out.splitlines()) == 8
    assert "asked scripted for 3 candidates" in out
    assert "of candidate 1, having seen 1" in out


def test_history_show_prints_the_events_themselves(sim: Run, written: str) -> None:
    events = [
        json.loads(line)
        for line in sim(f"history show {DOCUMENT} --format json")[1].split("\n")[:-1]
    ]
    assert [event["type"] for event in events] == [
        "opened",
        "proposed",
        "generated",
        "generated",
        "generated",
        "accepted",
        "edited",
    ]


@pytest.mark.parametrize(
    "name", [DOCUMENT, "3f2a", "notes/story.ipynb", "./notes/story.ipynb", "moved.ipynb"]
)
def test_a_document_is_named_by_id_prefix_path_or_the_notebook_itself(
    sim: Run, written: str, name: str
) -> None:
    metadata = {"jupyter_sim": {"document": DOCUMENT}, "kernelspec": {"name": "python3"}}
    Path("moved.ipynb").write_text(json.dumps({"cells": [], "metadata": metadata}))
    assert sim(f"history show {name}")[0] == 0


def test_a_notebook_that_notes_another_document_is_not_taken_for_its_namesake(
    sim: Run, written: str
) -> None:
    path = Path("elsewhere/notes/story.ipynb")
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"metadata": {"jupyter_sim": {"document": "0000-1111"}}}))
    said = refused(sim(f"export {path} -o story.simlog"))
    assert "belongs to the document 0000-1111, which has no history here" in said
    assert not Path("story.simlog").exists()


def test_an_unknown_and_an_ambiguous_document_are_told(sim: Run, written: str) -> None:
    asyncio.run(write("3f2a9999-8888", "other.ipynb"))
    assert "'nothing' has no history" in refused(sim("history show nothing"))
    assert "'' has no history" in refused(sim("history show ''"))
    assert "means 2 documents" in refused(sim("history show 3f2a"))
    assert "../etc" in refused(sim("export ../etc -o out.simlog"))


def test_what_is_exported_and_replayed_ends_with_the_text_that_was_written(
    sim: Run, written: str
) -> None:
    status, out, _ = sim(f"export {DOCUMENT} -o story.simlog")
    assert (status, out) == (0, "Wrote 7 events to story.simlog.\n")
    status, out, err = sim("replay story.simlog --format json")
    steps = [json.loads(line) for line in out.splitlines()]
    assert (status, err) == (0, "")
    assert [list(step) for step in steps] == [["index", "event", "cell", "text"]] * 7
    assert [step["index"] for step in steps] == list(range(7))
    assert steps[-1]["text"] == written
    _, out, _ = sim("replay story.simlog")
    last = "".join(f"          │ {line}\n" for line in written.split("\n"))
    assert out.endswith(f"── cell cell, in the end\n{last}")


def test_damage_is_told_beside_what_is_left(sim: Run, written: str) -> None:
    (segment,) = folders.default_root().glob("*/*.jsonl")
    lines = segment.read_bytes().splitlines(keepends=True)
    segment.write_bytes(b"".join([*lines[:4], b"garbage\n", *lines[5:]]))
    status, out, err = sim(f"export {DOCUMENT} -o story.simlog")
    assert (status, out) == (0, "Wrote 6 events to story.simlog.\n")
    assert "line 5 is not JSON" in err


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (lambda data: data[:-20], "is cut short after line 8"),
        (lambda data: data.replace(b"dark", b"DARK", 1), "is damaged: line 2 is not what line 3"),
        (lambda data: data.replace(b'"version":1', b'"version":7'), "Update jupyter-sim."),
        (lambda data: b"\x1b[31mgarbage", "is no session log"),
        (lambda data: b"", "is no session log"),
    ],
)
def test_replay_refuses_a_log_that_is_not_whole(
    sim: Run, written: str, data: Callable[[bytes], bytes], said: str
) -> None:
    sim(f"export {DOCUMENT} -o story.simlog")
    log = Path("story.simlog")
    log.write_bytes(data(log.read_bytes()))
    assert said in refused(sim("replay story.simlog"))


def test_replay_refuses_a_speed_that_is_none(sim: Run) -> None:
    assert "above 0" in refused(sim("replay story.simlog --speed 0"))
    assert "above 0" in refused(sim("replay story.simlog --speed nan"))


def test_an_export_that_cannot_be_written_is_told(sim: Run, written: str) -> None:
    assert "cannot be written" in refused(sim(f"export {DOCUMENT} -o none/story.simlog"))


@pytest.mark.parametrize("out", ["''", ".", "/", ".."])
def test_an_export_to_a_folder_is_told(sim: Run, written: str, out: str) -> None:
    assert refused(sim(f"export {DOCUMENT} -o {out}"))


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
def test_a_terminal_that_lacks_a_character_shows_an_escape(tmp_path: Path, encoding: str) -> None:
    log = exported(tmp_path, "雨 “x” \ud800 →")
    environment = {**os.environ, "PYTHONIOENCODING": encoding}
    done = subprocess.run(command("replay", str(log)), capture_output=True, env=environment)
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"\\u96e8" in done.stdout


@pytest.mark.parametrize("time", [1e300, -1e300, 1e17])
def test_a_time_that_no_calendar_has_is_told_as_such(sim: Run, time: float) -> None:
    async def record() -> None:
        made = History.open(DOCUMENT, path="story.ipynb")
        for odd in (time, 0.0):
            await made.append(Opened(msgspec.structs.replace(made.stamp("cell"), time=odd), ""))
        await made.append(Opened(msgspec.structs.replace(made.stamp("cell"), time=time), ""))
        await made.close()

    asyncio.run(record())
    for ask in ("history list", f"history show {DOCUMENT}", f"export {DOCUMENT} -o x.simlog"):
        status, out, err = sim(ask)
        assert (status, err) == (0, "")
        assert max(map(len, out.splitlines())) < 120
    assert "(no known date)" in sim("history list")[1]
    assert max(map(len, sim("replay x.simlog")[1].splitlines())) < 120


def exported(folder: Path, *texts: str) -> Path:
    """A session log in which each text was found a minute after the one before."""

    async def record() -> None:
        made = History.open(DOCUMENT, root=folder / "history")
        for minute, text in enumerate(texts):
            stamp = made.stamp(f"cell-{minute}")
            late = type(stamp)(
                stamp.id, stamp.writer, stamp.seq, 60.0 * minute, "", DOCUMENT, stamp.cell
            )
            await made.append(Opened(late, text))
        await made.close()

    asyncio.run(record())
    history.export(DOCUMENT, folder / "story.simlog", folder / "history")
    return folder / "story.simlog"


def test_an_interrupted_replay_on_a_terminal_ends_quietly(tmp_path: Path) -> None:
    log = exported(tmp_path, "It was", *["late."] * 20)
    screen, terminal = pty.openpty()
    child = subprocess.Popen(
        command("replay", str(log)),
        stdout=terminal,
        stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    os.close(terminal)
    shown = b""
    while b"\x1b[2mIt was\x1b[0m" not in shown:
        shown += os.read(screen, 1000)
    child.send_signal(signal.SIGINT)
    assert child.communicate()[1] == b""
    assert child.returncode == 130
    os.close(screen)


def test_a_reader_that_goes_away_is_no_error(tmp_path: Path) -> None:
    log = exported(tmp_path, "x" * 1_000_000, "y" * 1_000_000)
    child = subprocess.Popen(
        command("replay", str(log)), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert child.stdout
    child.stdout.readline()
    child.stdout.close()
    assert child.communicate()[1] == b""


LISTING = "import sys; from jupyter_sim.cli import main; sys.exit(main(['history', 'list']))"


def test_an_output_without_room_is_told_in_one_sentence(tmp_path: Path) -> None:
    program = shlex.join([sys.executable, "-c", LISTING])
    full = f"ulimit -f 0; exec {program} > {shlex.quote(str(tmp_path / 'out'))}"
    done = subprocess.run(["sh", "-c", full], stderr=subprocess.PIPE)
    assert (done.returncode, done.stderr.count(b"\n")) == (2, 1)
    assert b"File too large" in done.stderr


def test_what_was_recorded_is_told_on_a_full_disk_too(written: str) -> None:
    program = shlex.join([sys.executable, "-c", LISTING])
    done = subprocess.run(["sh", "-c", f"ulimit -f 0; exec {program}"], capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")
    assert DOCUMENT.encode() in done.stdout


def test_a_closed_output_is_no_error() -> None:
    program = shlex.join([sys.executable, "-c", LISTING])
    done = subprocess.run(["sh", "-c", f"{program} >&-"], stderr=subprocess.PIPE)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize(
    "ask", ["import {}", "history verify {}.simlog", "export x.simlog -o {}.html"]
)
def test_a_name_that_no_file_can_have_is_one_sentence(sim: Run, tmp_path: Path, ask: str) -> None:
    exported(tmp_path, "It was").rename("x.simlog")
    assert "too long" in refused(sim(ask.format("x" * 300)))


@pytest.mark.parametrize(
    "name",
    [
        "",
        "propose",
        "score",
        "history",
        "history show",
        "history verify",
        "history repair",
        "history gc",
        "export",
        "replay",
    ],
)
def test_help_is_printed_for_every_command(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main([*name.split(), "--help"])
    assert left.value.code == 0
    assert "usage: jupyter sim" in capsys.readouterr().out


def test_the_examples_of_the_help_are_commands_that_exist() -> None:
    pages = subprocess.run(command("--help"), capture_output=True, text=True, check=True).stdout
    pages += subprocess.run(command("propose", "--help"), capture_output=True, text=True).stdout
    pages += subprocess.run(command("replay", "--help"), capture_output=True, text=True).stdout
    examples = [
        line for line in pages.splitlines() if line.startswith("  ") and "jupyter sim " in line
    ]
    assert len(examples) >= 10
    for line in examples:
        words = shlex.split(line.partition("jupyter sim ")[2])
        stop = next((n for n, word in enumerate(words) if word in "|>"), len(words))
        assert parser().parse_args(words[:stop]).run
