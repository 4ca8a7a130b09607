"""Byte-level BPE for the starter model, and the corpus as one file of token ids.

Splits text as GPT-2 does, which llama.cpp knows as pre-tokenizer `gpt-2`.
"""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

VOCABULARY = 4096
END_OF_TEXT = "<|endoftext|>"
END_OF_TEXT_ID = 0


def train_tokenizer(texts: Iterable[str]) -> Tokenizer:
    """Learn the merges from `texts`."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=[END_OF_TEXT],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def write_tokens(tokenizer: Tokenizer, texts: list[str], path: Path) -> None:
    """Write all texts as little-endian uint16 ids, an end-of-text token before each."""
    with path.open("wb") as file:
        for text in texts:
            ids = [END_OF_TEXT_ID, *tokenizer.encode(text).ids]
            np.array(ids, dtype="<u2").tofile(file)


def read_tokens(path: Path) -> np.ndarray:
    """The ids written by `write_tokens`, mapped rather than loaded."""
    return np.memmap(path, dtype="<u2", mode="r")


def token_bytes(tokenizer: Tokenizer) -> np.ndarray:
    """How many bytes of text each token stands for (byte-level tokens: one character a byte)."""
    lengths = np.zeros(tokenizer.get_vocab_size(), dtype=np.int64)
    for token, index in tokenizer.get_vocab().items():
        lengths[index] = 0 if token == END_OF_TEXT else len(token)
    return lengths
