"""Only what is new in a text is split into tokens, and they are those of the whole text."""

import re
import runpy
import struct
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_sim.engine.llama import Llama
from jupyter_sim.engine.tokenization import Tokenization
from jupyter_sim.engine.wire import Settings
from jupyter_sim.engine.words import Words, independent
from jupyter_sim.models import resolve

SYNTHETIC = runpy.run_path(str(Path(__file__).parent / "bench" / "synthetic.py"))
STORY = (
    "The harbour was quiet that evening, and the boats lay still at their moorings. An old man sat "
    "on the wall with his pipe, and watched the lamps being lit along the street, one after "
    "another, as he had watched them every evening since his wife had died. "
)
NUMBERS = "3.14159 " * 100
WORDS = (
    " the",
    " old man",
    " don't",
    " he'll",
    " naïve",
    " Она сказала",
    " λέξεις",
    " हिन्दी",
    " e\u0301",
    "12",
    " 1234567",
    "3.14",
    " ",
    "  ",
    "    ",
    "\n",
    "\n\n",
    " \n",
    "\t",
    "\r\n",
    "\0",
    "😀",
    "👩‍👩‍👧",
    "雨が降る。",
    " 中文",
    "\u0308",
    "\u00a0",
    "\u3000",
    "▁",
    "?!",
    "'s",
    "<s>",
    "<|endoftext|>",
)
TOKENS = st.one_of(st.sampled_from(WORDS), st.sampled_from(WORDS[:8]), st.characters(codec="utf-8"))
BITS = st.lists(TOKENS, max_size=6).map("".join)
EDIT = st.tuples(st.integers(0, 400), st.sampled_from((0, 0, 1, 3, 20)), BITS)


def sentence_pieces(path: Path) -> Path:
    """Write a model that knows nothing, and splits text as SentencePiece does."""
    pieces = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256)), "▁"]
    words = [f"▁{word}" for word in STORY.replace(",", "").replace(".", "").split()]
    starts = {word[:size] for word in (*words, "▁don", "▁Она") for size in range(1, len(word) + 1)}
    letters = {letter for word in (*starts, "12.,'") for letter in word}
    pieces += sorted((starts | letters) - {"▁"}, key=len)
    width = 32

    def text(value: str) -> bytes:
        return struct.pack("<Q", len(value.encode())) + value.encode()

    def array(kind: int, values: list[bytes]) -> bytes:
        return struct.pack("<IIQ", 9, kind, len(values)) + b"".join(values)

    numbers = {
        "llama.context_length": 512,
        "llama.embedding_length": width,
        "llama.block_count": 1,
        "llama.feed_forward_length": width,
        "llama.attention.head_count": 1,
        "tokenizer.ggml.bos_token_id": 1,
        "tokenizer.ggml.eos_token_id": 2,
    }
    kinds = [2, 3, 3] + [6] * 256 + [1] * (len(pieces) - 259)
    scores = [-float(place) for place in range(len(pieces))]
    facts = {
        "general.architecture": struct.pack("<I", 8) + text("llama"),
        "tokenizer.ggml.model": struct.pack("<I", 8) + text("llama"),
        "llama.attention.layer_norm_rms_epsilon": struct.pack("<If", 6, 1e-5),
        "tokenizer.ggml.tokens": array(8, list(map(text, pieces))),
        "tokenizer.ggml.scores": array(6, [struct.pack("<f", score) for score in scores]),
        "tokenizer.ggml.token_type": array(5, [struct.pack("<i", kind) for kind in kinds]),
        **{name: struct.pack("<II", 4, number) for name, number in numbers.items()},
    }
    tensors = {"token_embd": len(pieces), "output_norm": 0, "blk.0.attn_norm": 0}
    tensors |= {"blk.0.ffn_norm": 0}
    tensors |= dict.fromkeys((f"blk.0.attn_{name}" for name in ("q", "k", "v", "output")), width)
    tensors |= dict.fromkeys((f"blk.0.ffn_{name}" for name in ("gate", "up", "down")), width)
    head = struct.pack("<4sIQQ", b"GGUF", 3, len(tensors), len(facts))
    head += b"".join(text(name) + fact for name, fact in facts.items())
    offset = 0
    for name, rows in tensors.items():
        shape = (width, rows) if rows else (width,)
        head += text(f"{name}.weight") + struct.pack(f"<I{len(shape)}Q", len(shape), *shape)
        head += struct.pack("<IQ", 0, offset)
        offset += 4 * width * max(1, rows)
    path.write_bytes(head.ljust(-(-len(head) // 32) * 32, b"\0") + bytes(offset))
    return path


@pytest.fixture(scope="module", params=["starter", "random", "sentence pieces"])
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Llama:
    path = tmp_path_factory.mktemp("models") / "model.gguf"
    match request.param:
        case "starter":
            path = resolve()
        case "random":
            SYNTHETIC["write"](path, SYNTHETIC["TINY"])
        case _:
            sentence_pieces(path)
    return Llama(path, Settings(context=64, threads=1))


class Counted:
    """A model's tokenization, and how many characters the model had to split for it."""

    def __init__(self, model: Llama, memory: int = 1 << 20) -> None:
        self.model = model
        self.split = 0
        self.known = Tokenization(self.whole, self.rest, model.pieces, memory)

    def whole(self, text: str) -> list[int]:
        self.split += len(text)
        return self.model.tokenize(text)

    def rest(self, text: str) -> list[int]:
        self.split += len(text)
        return self.model.tokenize_on(text)

    def cost(self, text: str) -> int:
        """How many characters were split anew for a text, whose tokens are as they should be."""
        before = self.split
        assert self.known.tokens(text) == self.model.tokenize(text)
        return self.split - before


@settings(max_examples=60, deadline=None)
@given(start=BITS, edits=st.lists(EDIT, max_size=12))
def test_however_a_text_is_edited_its_tokens_are_those_of_the_whole(
    model: Llama, start: str, edits: list[tuple[int, int, str]]
) -> None:
    known = Tokenization(model.tokenize, model.tokenize_on, model.pieces)
    text = start + STORY
    for place, gone, more in edits:
        assert known.tokens(text) == model.tokenize(text)
        place = min(place, len(text))
        text = text[:place] + more + text[place + gone :]
    assert known.tokens(text) == model.tokenize(text)


@pytest.mark.parametrize("place", range(60, 250, 7))
def test_every_kind_of_text_may_come_after_any_place(model: Llama, place: int) -> None:
    known = Tokenization(model.tokenize, model.tokenize_on, model.pieces)
    known.tokens(STORY)
    for word in WORDS:
        for text in (STORY[:place] + word, STORY[:place] + word + STORY[place:]):
            assert known.tokens(text) == model.tokenize(text), text


def test_the_models_at_hand_split_words_independently(model: Llama) -> None:
    assert model.independent


def test_of_a_text_that_grows_only_the_end_is_split(model: Llama) -> None:
    counted = Counted(model)
    counted.cost(STORY)
    for typed in ("A", "A gi", "A girl came down the stairs"):
        assert counted.cost(STORY + typed) < 100 + len(typed)
    assert counted.cost(STORY + "A girl came down the stairs") == 0


def test_of_a_text_that_was_changed_in_the_middle_what_stands_before_is_known(model: Llama) -> None:
    counted = Counted(model)
    counted.cost(STORY)
    place = STORY.index("pipe")
    assert counted.cost(STORY[:place] + "dog" + STORY[place + 4 :]) < len(STORY) - place + 100


def test_several_texts_are_known_beside_each_other(model: Llama) -> None:
    counted = Counted(model)
    voices = [f"{name} told me. {STORY}" for name in ("Anna", "Boris", "Clara", "Dora", "Emil")]
    for voice in voices:
        counted.cost(voice)
    for typed in ("He", "He did", "He did not"):
        assert all(counted.cost(voice + typed) < 120 for voice in voices)


def test_what_takes_more_memory_than_there_is_is_not_kept(model: Llama) -> None:
    counted = Counted(model, memory=4 * len(NUMBERS))
    counted.cost(STORY)
    counted.cost(NUMBERS * 10)
    assert counted.cost(NUMBERS * 10 + "2") == len(NUMBERS * 10) + 1


def test_words_that_stood_elsewhere_are_not_split_again(model: Llama) -> None:
    counted = Counted(model)
    first, *words = re.findall(r"\w+", STORY)
    counted.cost(" ".join([first, *words]))
    assert counted.cost(" ".join([first, *reversed(words)])) <= len(first)
    assert counted.cost(" ".join(["A", *reversed(words)])) == 1
    assert counted.cost(" ".join(["An", "Ozymandias", *words])) == len("An Ozymandias")


def test_words_that_the_vocabulary_has_whole_are_not_even_split_once(model: Llama) -> None:
    counted = Counted(model)
    counted.cost("He was there")
    whole = sorted(
        piece.decode()[1:]
        for piece in model.pieces
        if piece.startswith(b" ") and piece[1:].isalpha() and piece.isascii()
    )
    assert counted.cost(" ".join(["She", *whole])) == len("She")


def test_a_text_of_thousands_of_new_words_is_split_a_part_at_a_time(model: Llama) -> None:
    longest = 0

    def rest(text: str) -> list[int]:
        nonlocal longest
        longest = max(longest, len(text))
        return model.tokenize_on(text)

    words = Words(model.tokenize, rest, model.pieces)
    words.whole(STORY)
    letters = "abcdefghijklmnopqrstuvwxyz"
    text = " ".join(a + b + c for a in letters for b in letters for c in letters)
    assert words.whole(text) == model.tokenize(text)
    assert longest < 10_000


def test_words_that_take_more_memory_than_there_is_are_forgotten(model: Llama) -> None:
    words = Words(model.tokenize, model.tokenize_on, model.pieces, memory=100)
    for text in (STORY, STORY.upper(), STORY, STORY.title(), STORY):
        assert words.whole(text) == model.tokenize(text)


def test_a_text_without_words_is_split_whole(model: Llama) -> None:
    counted = Counted(model)
    counted.cost(NUMBERS)
    assert counted.cost(NUMBERS + "2") == len(NUMBERS) + 1


@pytest.mark.parametrize(
    ("piece", "alone"),
    [
        (b" the", True),
        (b"    ", True),
        (b". ", True),
        ("。 ".encode(), True),
        (b"\n  ", True),
        (b"of the", False),
        (b"e ", False),
        ("é ".encode(), False),
        ("é".encode()[1:] + b" a", False),
    ],
)
def test_a_vocabulary_whose_tokens_go_on_behind_a_word_does_not_split_words_independently(
    piece: bytes, alone: bool
) -> None:
    assert independent([b"a", b" b", piece]) is alone


PIECES = [bytes([byte]) for byte in range(256)]


def test_a_tokenizer_that_looks_further_than_any_that_is_known_is_found_out() -> None:
    def rest(text: str) -> list[int]:
        return [*text.upper().encode()]

    known = Tokenization(lambda text: [*text.encode()], rest, PIECES)
    for text in (STORY, STORY + "more"):
        assert known.tokens(text) == [*text.encode()]


def test_a_tokenizer_that_looks_at_the_word_before_is_found_out() -> None:
    def whole(text: str) -> list[int]:
        return [*text.replace("man sat", "MAN sat").encode()]

    known = Tokenization(whole, lambda text: [*text.encode()], PIECES)
    for text in (STORY, STORY + "An old man sat", STORY + "The old man sat"):
        assert known.tokens(text) == whole(text)


def test_a_model_whose_tokens_do_not_spell_the_text_has_it_split_whole() -> None:
    def whole(text: str) -> list[int]:
        return list(text.upper().encode())

    known = Tokenization(whole, whole, PIECES)
    for text in (STORY, STORY + "a"):
        assert known.tokens(text) == whole(text)


def test_without_independent_words_everything_is_split_whole() -> None:
    calls: list[str] = []

    def whole(text: str) -> list[int]:
        calls.append(text)
        return list(text.encode())

    known = Tokenization(whole, None, PIECES)
    assert [known.tokens(STORY) for _ in range(2)] == [list(STORY.encode())] * 2
    assert len(calls) == 2


def test_words_are_not_taken_for_independent_where_tokens_stand_at_the_end_of_every_text(
    model: Llama, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("llama_cpp.llama_cpp.llama_vocab_get_add_eos", lambda vocab: True)
    assert not model.independent
