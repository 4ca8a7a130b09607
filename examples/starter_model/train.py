"""Train the starter model for a given number of minutes.

The learning rate and the window length follow the wall clock, so a slower machine makes a
slightly worse model in the same time. Start again with the same --out to resume.
"""

import argparse
import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from corpus import passages, read_novels, split_novels
from model import Llama, Shape
from muon import Muon
from tokenizer import (
    END_OF_TEXT_ID,
    Tokenizer,
    read_tokens,
    token_bytes,
    train_tokenizer,
    write_tokens,
)
from torch import Tensor

TOKENS_A_BATCH = 4096
# Window lengths, and from which part of the whole time each is used: short ones are cheap and
# give the most varied batches; long ones teach the later positions.
WINDOWS = ((0.0, 256), (0.80, 1024), (0.92, 2048))
FRESH_PAGE_EVERY = 8  # windows: this often one begins with end-of-text and a paragraph
FAR = 2048  # tokens: how far the next paragraph is looked for
DECAY_FROM = 0.65
WARM_UP = 0.01
MUON_RATE = 0.02
ADAM_RATE = 3e-3
CHECKPOINT_SECONDS = 300
PROBE_TOKENS = 32_768  # held-out text looked at with every checkpoint; nothing is chosen by it


@dataclass
class Progress:
    """How far training has come; kept in the checkpoint."""

    seconds: float = 0.0
    step: int = 0


def prepare(corpus: Path, out: Path) -> None:
    """Make the tokenizer and the token files once."""
    if (out / "held_out.bin").exists():
        return
    out.mkdir(parents=True, exist_ok=True)
    training, held_out = split_novels(read_novels(corpus))
    texts = [passage for novel in training for passage in passages(novel)]
    tokenizer = train_tokenizer(texts)
    tokenizer.save(str(out / "tokenizer.json"))
    write_tokens(tokenizer, texts, out / "training.bin")
    write_tokens(tokenizer, [novel.text for novel in held_out], out / "held_out.bin")


def rate(part: float) -> float:
    """The learning rate's factor: warm up, hold, fall to zero."""
    if part < WARM_UP:
        return max(part / WARM_UP, 0.02)
    return min(1.0, max(0.0, (1 - part) / (1 - DECAY_FROM)))


def window_length(part: float) -> int:
    """How long the windows are after this part of the time."""
    return max(length for begins, length in WINDOWS if part >= begins)


def batch(tokens: np.ndarray, line_break: int, length: int, step: int) -> Tensor:
    """The windows of a step, each with the one token that follows it.

    They come from an endless walk through the shuffled windows of the whole text, cut at
    another place on every round. Some begin as a fresh page does.
    """
    count, a_round = TOKENS_A_BATCH // length, (len(tokens) - FAR) // length - 2
    numbers = np.arange(step * count, (step + 1) * count)
    shuffle = np.random.default_rng(numbers[0] // a_round)
    shift, order = int(shuffle.integers(length)), shuffle.permutation(a_round)
    starts = shift + length * order[numbers % a_round]
    fresh = numbers % FRESH_PAGE_EVERY == 0
    starts[fresh] = [next_paragraph(tokens, start, line_break) - 1 for start in starts[fresh]]
    windows = take(tokens, starts, length)
    windows[fresh, 0] = END_OF_TEXT_ID
    return torch.from_numpy(windows)


def next_paragraph(tokens: np.ndarray, start: int, line_break: int) -> int:
    """Where the first paragraph after `start` begins; the very next token if that is far."""
    broken = tokens[start : start + FAR] == line_break
    blank = np.flatnonzero(broken[:-1] & broken[1:])
    return start + (int(blank[0]) + 2 if len(blank) else 1)


def take(tokens: np.ndarray, starts: np.ndarray, length: int) -> np.ndarray:
    """Windows at `starts`, each with the one token that follows it."""
    rows = [tokens[start : start + length + 1] for start in starts]
    return np.stack(rows).astype(np.int64)


def loss_of(model: Callable[[Tensor], Tensor], windows: Tensor) -> Tensor:
    """Mean loss in nats a token."""
    return F.cross_entropy(model(windows[:, :-1]).flatten(0, 1), windows[:, 1:].flatten())


@torch.inference_mode()
def probe(model: Llama, tokens: np.ndarray, lengths: np.ndarray, length: int) -> float:
    """Bits per byte on some held-out windows."""
    starts = np.linspace(0, len(tokens) - length - 1, PROBE_TOKENS // length).astype(int)
    windows = torch.from_numpy(take(tokens, starts, length))
    nats = sum(float(loss_of(model, window[None])) * length for window in windows)
    return nats / math.log(2) / int(lengths[windows[:, 1:].numpy()].sum())


class Trainer:
    """The model, its two optimisers and how far they have come."""

    def __init__(self, out: Path, minutes: float, compiled: bool) -> None:
        torch.manual_seed(0)
        self.out, self.total = out, 60 * minutes
        self.training = read_tokens(out / "training.bin")
        self.held_out = read_tokens(out / "held_out.bin")
        tokenizer = Tokenizer.from_file(str(out / "tokenizer.json"))
        self.lengths = token_bytes(tokenizer)
        self.line_break = tokenizer.encode("\n").ids[0]
        self.model, self.progress = Llama(Shape()), Progress()
        matrices = [p for p in self.model.blocks.parameters() if p.ndim == 2]
        others = [p for p in self.model.parameters() if all(p is not m for m in matrices)]
        self.optimisers = (
            Muon(matrices, lr=MUON_RATE),
            torch.optim.AdamW(others, lr=ADAM_RATE, betas=(0.9, 0.95), weight_decay=0.0),
        )
        self.rates = (MUON_RATE, ADAM_RATE)
        if (out / "checkpoint.pt").exists():
            self._load()
        # Compiled for each of the window lengths; the first step of each takes a minute.
        self.forward = torch.compile(self.model, dynamic=False) if compiled else self.model

    def run(self) -> None:
        """Train until the time is over."""
        saved = self.progress.seconds
        while self.progress.seconds < self.total:
            began = time.monotonic()
            loss = self._step()
            self.progress.seconds += time.monotonic() - began
            if self.progress.step % 20 == 0:
                self._say(f"loss {loss:.3f}")
            if self.progress.seconds - saved > CHECKPOINT_SECONDS:
                self._save()
                saved = self.progress.seconds
        self._save()

    def _window(self) -> int:
        return window_length(self.progress.seconds / self.total)

    def _step(self) -> float:
        factor = rate(self.progress.seconds / self.total)
        for optimiser, full in zip(self.optimisers, self.rates, strict=True):
            for group in optimiser.param_groups:
                group["lr"] = full * factor
        windows = batch(self.training, self.line_break, self._window(), self.progress.step)
        loss = loss_of(self.forward, windows)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        for optimiser in self.optimisers:
            optimiser.step()
            optimiser.zero_grad()
        self.progress.step += 1
        return loss.item()

    def _say(self, text: str) -> None:
        done = self.progress
        tokens = done.step * TOKENS_A_BATCH
        print(
            f"{done.seconds / 60:6.1f} min  step {done.step:5d}  {tokens / 1e6:6.2f} M tokens  "
            f"{tokens / done.seconds:5.0f} tokens/s  {text}",
            flush=True,
        )

    def _save(self) -> None:
        state = {
            "shape": asdict(self.model.shape),
            "model": self.model.state_dict(),
            "optimisers": [optimiser.state_dict() for optimiser in self.optimisers],
            "progress": asdict(self.progress),
        }
        torch.save(state, self.out / "checkpoint.new")
        (self.out / "checkpoint.new").replace(self.out / "checkpoint.pt")
        measured = probe(self.model, self.held_out, self.lengths, self._window())
        self._say(f"held out, {self._window()}-token windows: {measured:.3f} bits per byte")

    def _load(self) -> None:
        state = torch.load(self.out / "checkpoint.pt")
        self.model.load_state_dict(state["model"])
        for optimiser, saved in zip(self.optimisers, state["optimisers"], strict=True):
            optimiser.load_state_dict(saved)
        self.progress = Progress(**state["progress"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True, help="eltec-eng.jsonl.xz")
    parser.add_argument("--minutes", type=float, default=95, help="training time (default: 95)")
    parser.add_argument("--out", type=Path, required=True, help="folder for checkpoints")
    parser.add_argument("--compile", action="store_true", help="10 %% faster; needs a C++ compiler")
    options = parser.parse_args()
    prepare(options.corpus, options.out)
    Trainer(options.out, options.minutes, options.compile).run()


if __name__ == "__main__":
    main()
