"""Models with random weights, written straight into the GGUF format; nothing is trained or loaded.

They are the size and shape of real ones and say nonsense, which is enough to measure speed and to
break files in every way. The vocabulary is a byte-level BPE whose merges build words letter by
letter. Their distributions are as steep as those of trained models: a few dozen tokens are at all
likely, and those are words.
"""

import itertools
import struct
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

ALIGNMENT = 32
LETTERS = "etaoinshrdlucmfwypvbgkjqxz"
F32, Q4_0, Q8_0, BF16 = 0, 2, 8, 30
BLOCK = 32
NO_WORDS = 257
SCALE, STEEPNESS = 0.02, 4.0


class Shape(NamedTuple):
    """The size of a model of the llama architecture."""

    layers: int
    width: int
    heads: int
    kv_heads: int
    hidden: int
    vocabulary: int = 32_000
    context: int = 4096
    quantisation: int = Q8_0


TINY = Shape(2, 64, 2, 1, 96, vocabulary=2_000, context=512)
M15 = Shape(6, 288, 6, 6, 768)
M120 = Shape(30, 576, 9, 3, 1536)
M120_WIDE = M120._replace(vocabulary=128_000)
M120_BF16 = M120._replace(quantisation=BF16)
B1 = Shape(22, 2048, 32, 4, 5632)
B1_BF16 = B1._replace(quantisation=BF16)
B1_Q4 = B1._replace(quantisation=Q4_0)


def write(path: Path, shape: Shape, seed: int = 0) -> Path:
    """Write a model of this shape to `path`, the same bytes for the same seed."""
    tensors = list(_tensors(shape))
    head = struct.pack("<4sIQQ", b"GGUF", 3, len(tensors), 0)
    facts = list(_facts(shape))
    head = head[:16] + struct.pack("<Q", len(facts)) + b"".join(facts)
    offset = 0
    for name, dimensions, kind in tensors:
        head += _text(name) + struct.pack(f"<I{len(dimensions)}Q", len(dimensions), *dimensions)
        head += struct.pack("<IQ", kind, offset)
        offset += _padded(_size(dimensions, kind))
    random = np.random.default_rng(seed)
    with path.open("wb") as file:
        file.write(head.ljust(_padded(len(head)), b"\0"))
        for name, dimensions, kind in tensors:
            weights = _weights(random, name, dimensions, kind)
            file.write(weights.ljust(_padded(_size(dimensions, kind)), b"\0"))
    return path


def _tensors(shape: Shape):  # type: ignore[no-untyped-def]
    width, kind = shape.width, shape.quantisation
    keys = shape.kv_heads * width // shape.heads
    yield "token_embd.weight", (width, shape.vocabulary), Q8_0
    for layer in range(shape.layers):
        block = f"blk.{layer}."
        yield block + "attn_norm.weight", (width,), F32
        yield block + "attn_q.weight", (width, width), kind
        yield block + "attn_k.weight", (width, keys), kind
        yield block + "attn_v.weight", (width, keys), kind
        yield block + "attn_output.weight", (width, width), kind
        yield block + "ffn_norm.weight", (width,), F32
        yield block + "ffn_gate.weight", (width, shape.hidden), kind
        yield block + "ffn_up.weight", (width, shape.hidden), kind
        yield block + "ffn_down.weight", (shape.hidden, width), kind
    yield "output_norm.weight", (width,), F32


def _weights(
    random: np.random.Generator, name: str, dimensions: tuple[int, ...], kind: int
) -> bytes:
    """Norms, and random weights of about SCALE: numbers, or blocks of integers with a scale each.

    The last norm makes logits of standard deviation STEEPNESS, but next to none for the end of text
    and for single bytes.
    """
    elements = int(np.prod(dimensions))
    if kind == F32:
        last = STEEPNESS / SCALE / elements**0.5 if name == "output_norm.weight" else 1
        return np.full(elements, last, np.float32).tobytes()
    if kind == BF16:
        numbers = SCALE * random.standard_normal(elements, np.float32)
        return (numbers.view(np.uint32) >> 16).astype(np.uint16).tobytes()
    bytes_each = _size((BLOCK,), kind)
    blocks = random.integers(0, 256, (elements // BLOCK, bytes_each), np.uint8)
    blocks[:, :2] = _half(SCALE / (74 if kind == Q8_0 else 4.6))
    if name == "token_embd.weight":
        blocks[: NO_WORDS * dimensions[0] // BLOCK, :2] = _half(SCALE / 7400)
    return blocks.tobytes()


def _half(number: float) -> NDArray[np.uint8]:
    return np.frombuffer(np.float16(number).tobytes(), np.uint8)


def _size(dimensions: tuple[int, ...], kind: int) -> int:
    elements = int(np.prod(dimensions))
    blocks = elements // BLOCK
    return {F32: 4 * elements, BF16: 2 * elements, Q4_0: 18 * blocks, Q8_0: 34 * blocks}[kind]


def _padded(size: int) -> int:
    return -(-size // ALIGNMENT) * ALIGNMENT


def _text(text: str) -> bytes:
    raw = text.encode()
    return struct.pack("<Q", len(raw)) + raw


def _facts(shape: Shape):  # type: ignore[no-untyped-def]
    def whole(key: str, value: int) -> bytes:
        return _text(key) + struct.pack("<II", 4, value)

    def text(key: str, value: str) -> bytes:
        return _text(key) + struct.pack("<I", 8) + _text(value)

    def texts(key: str, values: list[str]) -> bytes:
        head = _text(key) + struct.pack("<IIQ", 9, 8, len(values))
        return head + b"".join(map(_text, values))

    tokens, merges = _vocabulary(shape.vocabulary)
    yield text("general.architecture", "llama")
    yield text("general.name", f"random {shape.layers}x{shape.width}")
    yield whole("llama.context_length", shape.context)
    yield whole("llama.embedding_length", shape.width)
    yield whole("llama.block_count", shape.layers)
    yield whole("llama.feed_forward_length", shape.hidden)
    yield whole("llama.rope.dimension_count", shape.width // shape.heads)
    yield whole("llama.attention.head_count", shape.heads)
    yield whole("llama.attention.head_count_kv", shape.kv_heads)
    epsilon = struct.pack("<If", 6, 1e-5)
    yield _text("llama.attention.layer_norm_rms_epsilon") + epsilon
    yield text("tokenizer.ggml.model", "gpt2")
    yield text("tokenizer.ggml.pre", "gpt-2")
    yield texts("tokenizer.ggml.tokens", tokens)
    kinds = [3] + [1] * (len(tokens) - 1)
    head = struct.pack("<IIQ", 9, 5, len(kinds))
    yield _text("tokenizer.ggml.token_type") + head + struct.pack(f"<{len(kinds)}i", *kinds)
    yield texts("tokenizer.ggml.merges", merges)
    yield whole("tokenizer.ggml.bos_token_id", 0)
    yield whole("tokenizer.ggml.eos_token_id", 0)
    yield _text("tokenizer.ggml.add_bos_token") + struct.pack("<I?", 7, True)


def _vocabulary(size: int) -> tuple[list[str], list[str]]:
    """The 256 bytes as GPT-2 spells them, then short words, each with the space before it.

    Each word is merged letter by letter, so a text of words reads as the same tokens again.
    """
    tokens = ["<|endoftext|>", *_byte_characters()]
    lengths = (itertools.product(LETTERS, repeat=length) for length in (1, 2, 3, 4))
    words = map("".join, itertools.chain.from_iterable(lengths))
    merges = [f"Ġ{word[:-1]} {word[-1]}" for word in itertools.islice(words, size - len(tokens))]
    return tokens + [merge.replace(" ", "") for merge in merges], merges


def _byte_characters() -> list[str]:
    """GPT-2's printable character for each byte, in the order of the bytes."""
    plain = {*range(33, 127), *range(161, 173), *range(174, 256)}
    others = (byte for byte in range(256) if byte not in plain)
    spelled = {byte: chr(256 + place) for place, byte in enumerate(others)}
    return [chr(byte) if byte in plain else spelled[byte] for byte in range(256)]
