"""`jupyter sim propose` as people and scripts use it, with the real starter model."""

import json
import subprocess
from itertools import takewhile
from pathlib import Path

import pytest

from jupyter_sim.models import STARTER

from .command import PROMPT, command, refused
from .judged import Run


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
