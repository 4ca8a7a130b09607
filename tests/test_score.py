"""`jupyter sim score`: against llama-cpp-python's own figures, and in words."""

import io
import json
import math
import shlex
from collections.abc import Callable
from pathlib import Path

import llama_cpp
import numpy as np
import pytest

from jupyter_sim.cli import main
from jupyter_sim.engine.llama import FAN_ATTENTION
from jupyter_sim.models import resolve

TEXT = (
    """\
The harbour was quiet that evening, and the boats lay still at their moorings. “No,” she said,
“I will not go.” It was 1894; the xylophone had been sold — naïve, perhaps — to a Mr. Smith.

    Nobody spoke. 雨が降る 👩‍🚀
"""
    * 4
)

Score = Callable[..., tuple[int, str, str]]


@pytest.fixture
def score(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Score:
    """Run the command on a text from standard input; its status, output and errors."""

    def run(options: str = "", text: bytes = b"") -> tuple[int, str, str]:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text)))
        status = main(["score", *shlex.split(options)])
        out, err = capsys.readouterr()
        return status, out, err

    return run


def judged_one_by_one(text: str) -> tuple[list[int], list[float]]:
    """The tokens of a text and their log-probabilities, as llama-cpp-python computes them.

    The starter model opens no text by itself, so only the first token follows its opening token.
    Attention is the engine's; llama.cpp's other one rounds more.
    """
    model = llama_cpp.Llama(
        str(resolve()), n_ctx=1024, logits_all=True, verbose=False, flash_attn=FAN_ATTENTION
    )
    tokens = model.tokenize(text.encode(), add_bos=True, special=False)
    logprobs = []
    for read in ([model.token_bos(), tokens[0]], tokens):
        model.reset()
        model.eval(read)
        logits = model.scores[: len(read) - 1].astype(np.float64)
        norms = np.logaddexp.reduce(logits, axis=1)
        logprobs += list(logits[range(len(read) - 1), read[1:]] - norms)
    model.close()
    return tokens, logprobs


def test_bits_are_those_of_an_independent_computation(score: Score) -> None:
    status, out, err = score("--format json --top 3", TEXT.encode())
    assert (status, err) == (0, "")
    scored = json.loads(out)
    assert list(scored) == ["bits", "bytes", "bits_per_byte", "tokens"]
    tokens, logprobs = judged_one_by_one(TEXT)
    assert [token["id"] for token in scored["tokens"]] == tokens
    assert scored["bits"] == pytest.approx(-sum(logprobs) / math.log(2), rel=1e-3)
    assert scored["bytes"] == len(TEXT.encode())
    assert scored["bits_per_byte"] == scored["bits"] / scored["bytes"]
    for token, logprob in zip(scored["tokens"], logprobs, strict=True):
        assert list(token) == ["id", "text", "logprob", "top"]
        assert token["logprob"] == pytest.approx(logprob, abs=0.1)
        likeliest = [other["logprob"] for other in token["top"]]
        assert len(likeliest) == 3 and likeliest == sorted(likeliest, reverse=True)
        assert likeliest[0] >= token["logprob"] - 1e-4


def test_a_text_longer_than_the_window_is_scored_whole(score: Score) -> None:
    text = TEXT * 8
    status, out, _ = score("--format json --top 0", text.encode())
    scored = json.loads(out)
    assert status == 0 and scored["bytes"] == len(text.encode())
    assert len(scored["tokens"]) > 2048
    assert all(token["top"] == [] for token in scored["tokens"])


def test_totals_come_first_and_then_what_surprised_most(score: Score, tmp_path: Path) -> None:
    file = tmp_path / "story.txt"
    file.write_text("It was a dark and stormy night.\nThe dog xylophone.\n")
    status, out, err = score(f"{file} --top 2")
    assert (status, err) == (0, "")
    totals, count, empty, heads, *rows = out.splitlines()
    assert "bits per byte: " in totals and totals.endswith(f" bits for {51} bytes.")
    assert count.startswith("The most surprising of ") and not empty
    assert heads.split() == ["bits", "line:column", "token", "likelier"]
    bits = [float(row.split()[0]) for row in rows]
    assert bits == sorted(bits, reverse=True) and len(rows) <= 20
    (dog,) = (row for row in rows if "“ dog”" in row)
    assert dog.split()[1] == "2:4" and dog.count("%") == 2


def test_a_nul_is_a_character_and_nothing_reaches_the_terminal_raw(score: Score) -> None:
    status, out, _ = score(text="a\0b\x1b[31m\u202e".encode())
    assert status == 0 and "␀" in out
    assert not {"\0", "\x1b", "\u202e"} & set(out)


@pytest.mark.parametrize(
    ("options", "text", "said"),
    [
        ("", b"", "The text is empty, so there is nothing to score; name a file with text."),
        ("", b"caf\xe9", "The text is not UTF-8: byte 3 is 0xe9. Save the file as UTF-8"),
        ("", b"\xff\xfea\0b\0", "The text is not UTF-8: byte 0 is 0xff."),
        ("none.txt", b"", "The text none.txt cannot be read: No such file or directory."),
        (".", b"", "The text . cannot be read: Is a directory."),
        ("--top 21", b"a", "21 came for alternatives (--top); it must be from 0 to 20."),
        ("--model none.gguf", b"a", "none.gguf does not exist; name a GGUF file"),
    ],
)
def test_what_cannot_be_scored_is_a_sentence(
    score: Score, options: str, text: bytes, said: str
) -> None:
    status, out, err = score(options, text)
    assert (status, out) == (2, "")
    assert err.startswith("jupyter sim: ") and err.count("\n") == 1 and said in err
