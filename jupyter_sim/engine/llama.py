"""A loaded llama.cpp model with its context: tokens in, logits out. The only user of llama_cpp.

Sequences and positions are the caller's business; nothing is known here of prompts, candidates or
sampling. The settings and the order of calls follow from measurements: large micro-batches are slow
on a processor with many short queries, and so is flash attention but for our own; one unified KV
buffer makes forks free, and the abort callback must be native, because a Python one would wait for
the interpreter.
"""

import ctypes
import importlib.metadata
import os
import re
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from time import perf_counter
from typing import Any

import llama_cpp.llama_cpp as api
import numpy as np
from numpy.typing import NDArray

from ..errors import EngineError, ModelError
from .arrays import Arrays, Ints, pointer
from .cache import Copy, Cut, Discard, Empty, Order, Park, Unpark
from .cores import cores
from .wire import Settings
from .words import independent

SEQUENCES = 64
APART = 16
BATCH = 520
"""Tokens of the largest batch: some whole micro-batches, and the few that end a prompt."""

MICRO_BATCH, SMALL_MICRO_BATCH, GPU_MICRO_BATCH = 128, 32, 512
SLOW_SECONDS, TRIES = 0.04, 3
SPARE = 4096
PADDING = 256
PARKING = 1 << 28
MAX_CONTEXT, MAX_CONTEXT_APART = 8192, 2048
ERROR, CONTINUED = 4, 5
GPU_KINDS = (1, 2)
SENTENCE_PIECE, BYTE_PAIRS = 1, 2
USER_DEFINED, STRIPS = 16, 128 | 256

LIBC = ctypes.CDLL("msvcrt" if os.name == "nt" else None)

LOGITS = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p)(("llama_get_logits", api._lib))
"""llama.cpp's function, returning a number: to make a pointer of it would take longer."""

DECODED, FULL, ABORTED = 0, 1, 2

FAN_ATTENTION = hasattr(api._lib, "jupyter_sim_fan_attention")
"""Whether this llama.cpp was built with `.ci/fan_attention.h`, for a processor that it suits."""

COMPLAINTS: deque[str] = deque(maxlen=6)
"""What llama.cpp, which has one log for a process, said of late when something went wrong."""


def _hear(level: int, text: bytes, _: object) -> None:
    if level in (ERROR, CONTINUED) and text.strip(b".\n "):
        COMPLAINTS.append(text.decode("utf-8", "replace").strip())


LOG = api.llama_log_callback(_hear)
"""Kept for as long as llama.cpp may call it: as long as the process."""


class Llama:
    """One model in memory, and the KV cells of its sequences."""

    def __init__(
        self,
        path: Path,
        settings: Settings,
        *,
        repack: bool = True,
        progress: Callable[[float], None] = lambda fraction: None,
    ) -> None:
        COMPLAINTS.clear()
        api.llama_log_set(LOG, None)
        api.llama_backend_init()
        self._gpu = _gpu() if settings.n_gpu_layers else ""
        self._model = self._load(path, settings, repack, progress)
        self._refuse_foreign_kinds(path)
        self._vocab = api.llama_model_get_vocab(self._model)
        self.vocabulary: int = api.llama_vocab_n_tokens(self._vocab)
        trained = api.llama_model_n_ctx_train(self._model)
        self.deterministic = settings.deterministic
        usual = MAX_CONTEXT_APART if self.deterministic else MAX_CONTEXT
        self.window = min(settings.context or min(trained, usual), trained)
        self.sequences = APART if self.deterministic else SEQUENCES
        self.cells = _padded(self.window + SPARE)
        if self.deterministic:
            self.cells = self.sequences * _padded(self.window)
        self.most_threads = settings.threads or cores()
        self.threads = settings.threads or max(1, self.most_threads - 1)
        self._path = path
        self._open(GPU_MICRO_BATCH if self._gpu else MICRO_BATCH)
        self.parameters: int = api.llama_model_n_params(self._model)
        self.pieces = self._pieces()
        self._spaces = (
            sum(len(self.pieces[token]) for token in self._tokens(b"a", opened=False)) - 1
        )
        self.ends = self._ends()
        self.mute = np.array(
            [t for t, piece in enumerate(self.pieces) if not piece and t not in self.ends],
            dtype=np.intp,
        )
        self.opener = self._opener()
        self.opens = bool(api.llama_vocab_get_add_bos(self._vocab))
        self._batch = Arrays(BATCH)
        self._address, self._logits = 0, np.empty((0, self.vocabulary), np.float32)
        self._parked: dict[int, NDArray[np.uint8]] = {}

    @property
    def parking(self) -> int:
        """How many tokens can be saved outside of the cells in a memory of reasonable size."""
        if self.deterministic:
            return 0
        layers, width = api.llama_model_n_layer(self._model), api.llama_model_n_embd(self._model)
        heads = api.llama_model_n_head(self._model)
        keys = width // heads * api.llama_model_n_head_kv(self._model)
        return int(PARKING // max(1, 2 * 2 * layers * keys))

    @property
    def micro_batch(self) -> int:
        """How many tokens of a batch are computed at once."""
        return int(api.llama_n_ubatch(self._ctx))

    @property
    def device(self) -> str:
        """Where the model runs, such as "CPU" or "CUDA: NVIDIA H200"."""
        return self._gpu or "CPU"

    @property
    def vocab(self) -> Any:
        """llama.cpp's own handle of the vocabulary."""
        return self._vocab

    @property
    def engine(self) -> str:
        """What runs it, with versions."""
        ours = importlib.metadata.version("llama_cpp_python")
        theirs = api.llama_version().decode("utf-8", "replace")
        return f"llama.cpp {theirs} (llama-cpp-python {ours})"

    def tokenize(self, text: str) -> list[int]:
        """Return the tokens of `text`, after the opening token where the model wants one."""
        return self._tokens(text.encode(), opened=True)

    def tokenize_on(self, text: str) -> list[int]:
        """Return the tokens of `text`, which begins with a space, where it stands behind a word.

        They are those only where words are `independent`.
        """
        # some models put a space before every text
        return self._tokens(text.encode()[self._spaces :], opened=False)

    @property
    def independent(self) -> bool:
        """Whether each word has the same tokens, whatever stands before and behind it."""
        known = api.llama_vocab_type(self._vocab) in (BYTE_PAIRS, SENTENCE_PIECE)
        ends = api.llama_vocab_get_add_eos(self._vocab)
        return known and not ends and not any(self._greedy()) and independent(self.pieces)

    def _greedy(self) -> Iterator[bool]:
        """Yield for each token whether it takes white space beside it away, or gets more of it."""
        for token, piece in enumerate(self.pieces):
            attributes = api.llama_vocab_get_attr(self._vocab, token)
            if attributes & USER_DEFINED:
                spaced = self._spaces > 0 and piece.decode("utf-8", "replace")[-1:].isalpha()
                yield spaced or attributes & STRIPS > 0

    def _tokens(self, raw: bytes, *, opened: bool) -> list[int]:
        room = len(raw) + 8
        buffer = (api.llama_token * room)()
        count = api.llama_tokenize(self._vocab, raw, len(raw), buffer, room, opened, False)
        if count < 0:
            raise EngineError(f"The model's tokenizer gave up on {len(raw):,} bytes of text.")
        return buffer[:count]

    def decode(self, tokens: Ints, positions: Ints, sequences: Ints, wanted: Ints) -> int:
        """Run one batch of at most BATCH tokens; `wanted` flags those whose logits are needed.

        Returns DECODED, FULL (nothing changed) or ABORTED (whole micro-batches may have been
        done, see `length`). Raises EngineError where llama.cpp refuses the batch.
        """
        code: int = api.llama_decode(
            self._ctx, self._batch.fill(tokens, positions, sequences, wanted)
        )
        if code not in (DECODED, FULL, ABORTED):
            raise EngineError(f"llama.cpp refused a batch with code {code}. {self.complaint()}")
        return code

    def use_threads(self, count: int) -> None:
        """Compute with so many threads from the next batch on."""
        if count != self.threads:
            self.threads = count
            api.llama_set_n_threads(self._ctx, count, count)

    def logits(self, rows: int) -> NDArray[np.float32]:
        """Return the logits of the last batch's wanted tokens; the next decode overwrites them."""
        address = LOGITS(self._ctx)
        if address != self._address or rows > len(self._logits):
            memory = (ctypes.c_float * (rows * self.vocabulary)).from_address(address)
            numbers = np.frombuffer(memoryview(memory), np.float32)
            self._address, self._logits = address, numbers.reshape(rows, self.vocabulary)
        return self._logits[:rows]

    def obey(self, order: Order) -> bool:
        """Do what the cache has decided; whether that could be done."""
        match order:
            case Cut(sequence, length):
                self.cut(sequence, length)
            case Copy(source, target, length):
                self.copy(source, target, length)
            case Park(sequence, key):
                self._park(sequence, key)
            case Unpark(key, sequence):
                return self._unpark(key, sequence)
            case Discard(key):
                del self._parked[key]
            case Empty():
                api.llama_memory_clear(self._memory, False)
        return True

    def copy(self, source: int, target: int, length: int) -> None:
        """Let `target`, whatever it held, share the first `length` cells of `source`.

        Where sequences live apart, they are copied: all of them, which is all that can be done.
        """
        api.llama_memory_seq_rm(self._memory, target, -1, -1)
        if self.deterministic:
            api.llama_memory_seq_cp(self._memory, source, target, -1, -1)
            self.cut(target, length)
        else:
            api.llama_memory_seq_cp(self._memory, source, target, 0, length)

    def cut(self, sequence: int, length: int) -> None:
        """Forget all but the first `length` tokens of a sequence."""
        api.llama_memory_seq_rm(self._memory, sequence, length, -1)

    def _park(self, sequence: int, key: int) -> None:
        size = api.llama_state_seq_get_size(self._ctx, sequence)
        saved = self._parked[key] = np.empty(size, np.uint8)
        api.llama_state_seq_get_data(self._ctx, pointer(saved, ctypes.c_uint8), size, sequence)

    def _unpark(self, key: int, sequence: int) -> bool:
        saved = self._parked[key]
        bytes_ = pointer(saved, ctypes.c_uint8)
        return bool(api.llama_state_seq_set_data(self._ctx, bytes_, len(saved), sequence))

    def length(self, sequence: int) -> int:
        """Return how many tokens of a sequence are in memory."""
        return int(api.llama_memory_seq_pos_max(self._memory, sequence)) + 1

    def clear(self) -> None:
        """Forget every sequence, and what was saved of any."""
        self._parked.clear()
        api.llama_memory_clear(self._memory, False)

    def abort(self) -> None:
        """Let the running decode, on whatever thread, return ABORTED as soon as it can."""
        self._flag.raw = b"1"

    def resume(self) -> None:
        """Take an abort back, for the next decode."""
        self._flag.raw = b"0"

    def try_out(self) -> None:
        """Decode two tokens in one batch, which kills the process where llama.cpp is miscompiled.

        Where that takes long again and again, prompts are read in small micro-batches from then on,
        which is a little slower: an abort is heard between two products of matrices, and each takes
        as much longer as more tokens take part in it. Raises EngineError where the logits are no
        numbers.
        """
        self._decode_two()
        if not np.isfinite(self.logits(1)).all():
            raise EngineError("The model computes no numbers; its file may be damaged.")
        if not self._gpu and min(self._decode_two() for _ in range(TRIES)) > SLOW_SECONDS:
            api.llama_free(self._ctx)
            self._open(SMALL_MICRO_BATCH)
        self.clear()

    def _decode_two(self) -> float:
        """Decode two tokens; the seconds that took."""
        self.clear()
        ones = np.ones(2, np.int32)
        two = np.arange(2, dtype=np.int32)
        began = perf_counter()
        self.decode(ones * self.opener, two, ones * 0, two)
        return perf_counter() - began

    def complaint(self) -> str:
        """Return what llama.cpp said of late when something went wrong."""
        return " ".join(COMPLAINTS)

    def _reason(self) -> str:
        """Return the first thing that went wrong; what follows it only says that something did."""
        line = COMPLAINTS[0].rstrip(".") if COMPLAINTS else "it does not say why"
        return re.sub(r"^(?:\w+_\w+: |error loading model: )+", "", line)

    def _load(
        self, path: Path, settings: Settings, repack: bool, progress: Callable[[float], None]
    ) -> Any:
        def hear(fraction: float, _: object) -> bool:
            progress(fraction)
            return True

        heard = api.llama_progress_callback(hear)
        wishes = api.llama_model_default_params()
        wishes.n_gpu_layers = settings.n_gpu_layers
        wishes.use_extra_bufts = repack
        wishes.progress_callback = heard
        model = api.llama_model_load_from_file(str(path).encode(), wishes)
        if not model:
            raise ModelError(
                f"llama.cpp cannot load the model {path}: {self._reason()}. Choose another GGUF "
                "file, or update llama-cpp-python."
            )
        return model

    def _refuse_foreign_kinds(self, path: Path) -> None:
        """Raise ModelError for a model whose memory cannot be shared or cut."""
        recurrent = api.llama_model_is_recurrent(self._model)
        if recurrent or api.llama_model_is_hybrid(self._model):
            raise ModelError(
                f"The model {path} is recurrent, so candidates cannot share its memory; "
                "choose a transformer."
            )
        if api.llama_model_has_encoder(self._model) or api.llama_model_is_diffusion(self._model):
            raise ModelError(f"The model {path} does not continue text from left to right.")

    def _open(self, micro_batch: int) -> None:
        """Make the context, which reads so many tokens at once."""
        self._flag = ctypes.create_string_buffer(b"0", 2)
        self._atoi = ctypes.cast(LIBC.atoi, api.ggml_abort_callback)
        wishes = api.llama_context_default_params()
        wishes.n_ctx = self.cells
        wishes.n_batch = BATCH
        wishes.n_ubatch = micro_batch
        wishes.n_seq_max = self.sequences
        wishes.n_outputs_max = SEQUENCES
        wishes.n_threads = wishes.n_threads_batch = self.threads
        wishes.kv_unified = not self.deterministic
        flash = -1 if self._gpu else int(FAN_ATTENTION)
        wishes.flash_attn_type = 0 if self.deterministic else flash
        wishes.abort_callback = self._atoi
        wishes.abort_callback_data = ctypes.cast(self._flag, ctypes.c_void_p)
        self._ctx = api.llama_init_from_model(self._model, wishes)
        if not self._ctx:
            raise ModelError(
                f"There is no memory for a window of {self.window} tokens of the model "
                f"{self._path}; set a smaller context. {self.complaint()}".strip()
            )
        self._memory = api.llama_get_memory(self._ctx)

    def _pieces(self) -> list[bytes]:
        """Return the bytes of every token; none for those that stand for no text."""
        room = 1 << 16
        buffer = ctypes.create_string_buffer(room)
        piece, vocab = api.llama_token_to_piece, self._vocab
        lengths = (piece(vocab, token, buffer, room, 0, False) for token in range(self.vocabulary))
        return [ctypes.string_at(buffer, size) if size > 0 else b"" for size in lengths]

    def _ends(self) -> frozenset[int]:
        """Return the tokens that end a text; they are spelled as nothing, or like a tag."""
        likely = (t for t, piece in enumerate(self.pieces) if not piece or piece[:1] == b"<")
        return frozenset(t for t in likely if api.llama_vocab_is_eog(self._vocab, t))

    def _opener(self) -> int:
        """Return the token that an empty prompt begins with."""
        for named in (api.llama_vocab_bos, api.llama_vocab_eos, api.llama_vocab_nl):
            token = int(named(self._vocab))
            if token >= 0:
                return token
        return 0


def _padded(cells: int) -> int:
    return -(-cells // PADDING) * PADDING


def _gpu() -> str:
    """Return kind and name of the first GPU that this llama.cpp can use, or nothing."""
    if not api.llama_supports_gpu_offload():
        return ""
    library = api._lib
    device = library.ggml_backend_dev_get
    device.argtypes, device.restype = [ctypes.c_size_t], ctypes.c_void_p
    library.ggml_backend_dev_count.restype = ctypes.c_size_t
    for place in range(library.ggml_backend_dev_count()):
        handle = ctypes.c_void_p(device(place))
        if library.ggml_backend_dev_type(handle) in GPU_KINDS:
            texts = (library.ggml_backend_dev_name, library.ggml_backend_dev_description)
            for text in texts:
                text.restype = ctypes.c_char_p
            kind, name = (text(handle).decode("utf-8", "replace") for text in texts)
            return f"{kind.rstrip('0123456789')}: {name}"
    return ""
