"""llama.cpp's own server, from PyPI's xllamacpp, as a child that is asked by lines of JSON.

    python their_server.py MODEL THREADS

It has no Python but its own, and imports nothing of jupyter-sim. Each line is [prompt, candidates,
tokens]; the answer tells seconds in all and until the last candidate began, tokens, and texts.
"""

import json
import os
import re
import sys
import time

import xllamacpp

SAMPLING = {"samplers": ["min_p", "temperature"], "min_p": 0.02, "temperature": 1.0, "seed": 1}


def main() -> None:
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    server = start(sys.argv[1], int(sys.argv[2]))
    tell(answers, re.findall(r"(\w+) = 1", xllamacpp.get_system_info()))
    for line in sys.stdin:
        tell(answers, draw(server, *json.loads(line)))


def start(model: str, threads: int) -> xllamacpp.Server:
    """The server with one context for all, as many slots as a fan of sixteen needs."""
    wishes = xllamacpp.CommonParams()
    wishes.model.path = model
    wishes.n_ctx = 4096
    wishes.n_parallel = 16
    wishes.kv_unified = True
    wishes.flash_attn_type = xllamacpp.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_DISABLED
    wishes.cpuparams.n_threads = wishes.cpuparams_batch.n_threads = threads
    wishes.verbosity = 0
    return xllamacpp.Server(wishes)


def draw(server: xllamacpp.Server, prompt: str, count: int, tokens: int) -> dict[str, object]:
    """Draw candidates from a prompt."""
    texts = [""] * count
    waiting = set(range(count))
    first = pieces = 0
    began = time.perf_counter()

    def hear(chunk: dict) -> bool:  # type: ignore[type-arg]
        nonlocal first, pieces
        for choice in chunk.get("choices", []):
            texts[choice["index"]] += choice["text"]
            pieces += bool(choice["text"])
            waiting.discard(choice["index"])
            first = first or (0 if waiting else time.perf_counter() - began)
        return False

    wish = {"prompt": prompt, "n_cmpl": count, "n_predict": tokens, "stream": True, **SAMPLING}
    server.handle_completions({**wish, "cache_prompt": True}, hear)
    return {
        "seconds": time.perf_counter() - began,
        "first": first,
        "tokens": pieces,
        "texts": texts,
    }


def tell(file, answer: object) -> None:  # type: ignore[no-untyped-def]
    print(json.dumps(answer), file=file, flush=True)


if __name__ == "__main__":
    main()
