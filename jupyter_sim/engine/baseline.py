"""What this engine is measured against: `llama_cpp.Llama`, one candidate after another.

That is how most programs draw several continuations today. It keeps the prompt that it saw last,
as it does by itself, and gets the same distribution, and no more context than needed. To be used
in a process of its own, since some builds of llama.cpp crash in it.
"""

from itertools import pairwise
from pathlib import Path
from time import perf_counter
from typing import Any

import llama_cpp

from .gauge import Drawn
from .wire import Settings


class Baseline:
    """One model as llama-cpp-python's own class runs it."""

    def __init__(self, path: Path, settings: Settings) -> None:
        self._llama = llama_cpp.Llama(
            str(path),
            n_ctx=settings.context,
            n_gpu_layers=settings.n_gpu_layers,
            verbose=False,
        )

    def draw(self, prompt: str, count: int, max_tokens: int, threads: int) -> Drawn:
        """Draw candidates one after another, with so many threads."""
        llama_cpp.llama_set_n_threads(self._llama.ctx, threads, threads)
        began = perf_counter()
        texts, ends = [], []
        tokens, generating = 0, 0.0
        for seed in range(count):
            times: list[float] = []
            answer = self._complete(prompt, max_tokens, seed, times)
            texts.append(str(answer["choices"][0]["text"]))
            ends.append(times[0] - began)
            tokens += len(times)
            generating += sum(after - before for before, after in pairwise(times))
        seconds = perf_counter() - began
        return Drawn(seconds, max(ends), generating, tokens, tokens - count, tuple(texts))

    def _complete(self, prompt: str, max_tokens: int, seed: int, times: list[float]) -> Any:
        def note(*_: object) -> bool:
            times.append(perf_counter())
            return False

        answer: Any = self._llama.create_completion(
            prompt,
            max_tokens=max_tokens,
            temperature=1.0,
            top_k=0,
            top_p=1.0,
            min_p=0.02,
            repeat_penalty=1.0,
            seed=seed,
            stopping_criteria=llama_cpp.StoppingCriteriaList([note]),
        )
        # it asks once more at the end, and not for a token that ends the text
        del times[max(1, answer["usage"]["completion_tokens"]) :]
        return answer
