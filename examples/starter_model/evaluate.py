"""Bits per byte of a model on the five held-out novels, whole and as printed.

Windows of 1,024 tokens slide by 512: of every window but the first, only the second half is
counted, so every token is predicted once, from at least 512 tokens before it. Scores a
checkpoint in PyTorch or a GGUF file in llama.cpp, with the same token ids.
"""

import argparse
import math
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from corpus import Novel, read_novels, split_novels
from tokenizer import END_OF_TEXT_ID, Tokenizer, token_bytes

WINDOW = 1024
STRIDE = 512
LONGEST = 2048
LONG_WINDOWS_EACH = 20
POSITION_BANDS = (0, 64, 128, 256, 512, 1024, 1536, LONGEST)

Scorer = Callable[[list[int]], np.ndarray]
"""Nats of each token after the first, given those before it."""


def torch_scorer(run: Path) -> Scorer:
    """Scores with the checkpoint of a training run."""
    import torch
    import torch.nn.functional as F
    from model import Llama, Shape

    state = torch.load(run / "checkpoint.pt")
    model = Llama(Shape(**state["shape"]))
    model.load_state_dict(state["model"])

    @torch.inference_mode()
    def score(ids: list[int]) -> np.ndarray:
        batch = torch.tensor(ids)
        logits = model(batch[None, :-1])[0]
        return F.cross_entropy(logits, batch[1:], reduction="none").double().numpy()

    return score


def gguf_scorer(path: Path, threads: int) -> Scorer:
    """Scores with llama.cpp."""
    from llama_cpp import Llama

    model = Llama(
        str(path),
        n_ctx=LONGEST,
        n_batch=LONGEST,
        n_threads_batch=threads,
        logits_all=True,
        verbose=False,
    )

    def score(ids: list[int]) -> np.ndarray:
        model.reset()
        model.eval(ids[:-1])
        logits = model.scores[: len(ids) - 1].astype(np.float64)
        top = logits.max(axis=1)
        total = top + np.log(np.exp(logits - top[:, None]).sum(axis=1))
        return total - logits[np.arange(len(ids) - 1), ids[1:]]

    return score


def windows(ids: list[int]) -> Iterator[tuple[list[int], int]]:
    """Each window and how many of its last tokens count; `ids` starts with end-of-text."""
    yield ids[: WINDOW + 1], min(WINDOW, len(ids) - 1)
    for end in range(WINDOW + 1, len(ids), STRIDE):
        last = min(end + STRIDE, len(ids))
        yield ids[last - WINDOW - 1 : last], last - end


def bits_per_byte(score: Scorer, tokenizer: Tokenizer, text: str) -> float:
    """Bits the model needs for a byte of `text`."""
    ids = [END_OF_TEXT_ID, *tokenizer.encode(text).ids]
    nats = sum(float(score(window)[-counted:].sum()) for window, counted in windows(ids))
    return nats / math.log(2) / len(text.encode())


def by_position(score: Scorer, tokenizer: Tokenizer, texts: list[str]) -> list[float]:
    """Bits per byte in bands of the position in the window; the windows begin in mid-text."""
    lengths = token_bytes(tokenizer)
    nats, size = np.zeros(LONGEST), np.zeros(LONGEST)
    for text in texts:
        ids = tokenizer.encode(text).ids
        for start in np.linspace(0, len(ids) - LONGEST - 1, LONG_WINDOWS_EACH).astype(int):
            window = ids[start : start + LONGEST + 1]
            nats += score(window)
            size += lengths[window[1:]]
    cuts = list(POSITION_BANDS[:-1])
    return list(np.add.reduceat(nats, cuts) / math.log(2) / np.add.reduceat(size, cuts))


def report(score: Scorer, tokenizer: Tokenizer, novels: list[Novel]) -> None:
    """Print everything."""
    bits, size = 0.0, 0
    for novel in novels:
        measured, length = bits_per_byte(score, tokenizer, novel.text), len(novel.text.encode())
        print(f"{measured:.4f}  {novel.id}  {novel.author}, {novel.title}", flush=True)
        bits, size = bits + measured * length, size + length
    print(f"{bits / size:.4f}  all five, {size:,} bytes", flush=True)
    bands = by_position(score, tokenizer, [novel.text for novel in novels])
    for first, last, band in zip(POSITION_BANDS, POSITION_BANDS[1:], bands, strict=False):
        print(f"{band:.4f}  positions {first}–{last}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True, help="eltec-eng.jsonl.xz")
    parser.add_argument("--run", type=Path, required=True, help="the folder of the training run")
    parser.add_argument("--gguf", type=Path, help="score this file instead of the checkpoint")
    parser.add_argument("--characters", type=int, help="only so many of each novel (default: all)")
    parser.add_argument("--threads", type=int, default=1, help="for llama.cpp (default: 1)")
    options = parser.parse_args()
    tokenizer = Tokenizer.from_file(str(options.run / "tokenizer.json"))
    _, held_out = split_novels(read_novels(options.corpus))
    novels = [Novel(n.id, n.author, n.title, n.text[: options.characters]) for n in held_out]
    score = (
        gguf_scorer(options.gguf, options.threads) if options.gguf else torch_scorer(options.run)
    )
    report(score, tokenizer, novels)


if __name__ == "__main__":
    main()
