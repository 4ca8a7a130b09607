"""A fan of eight as its users get it, through the client and its worker's pipe, from the starter
model, against eight candidates drawn one after another by `llama_cpp.Llama`.

Both continue the same fresh prompt of 512 tokens by 48 tokens in turns within one run, so that a
busy machine is busy for both, and each chooses its threads as it does by default. `llama_cpp.Llama`
also keeps the prompt that it has just seen.
"""

import statistics
import time

import pytest
from llama_cpp import Llama

from jupyter_sim.engine.client import LlamaEngine
from jupyter_sim.engine.messages import Column, Rollout
from jupyter_sim.models import resolve

PROMPT_TOKENS, CANDIDATES, TOKENS, ROUNDS = 512, 8, 48, 5
AT_MOST = 0.6

STORY = (
    "The harbour was quiet that evening, and the boats lay still at their moorings. An old man sat "
    "on the wall with his pipe, and watched the lamps being lit along the street, one after "
    "another, as he had watched them every evening since his wife had died. He did not hear the "
    "girl come down the steps. She stood behind him for a while before she spoke.\n\n"
)


def prompt(model: Llama, number: int) -> str:
    """A text of about 512 tokens that has not been seen before."""
    text = f"Chapter {number}.\n\n"
    while len(model.tokenize(text.encode())) < PROMPT_TOKENS:
        text += STORY
    tokens = model.tokenize(text.encode())[:PROMPT_TOKENS]
    return model.detokenize(tokens).decode("utf-8", "ignore")


def one_after_another(model: Llama, text: str) -> float:
    """Seconds for a token, candidate by candidate."""
    began, count = time.perf_counter(), 0
    for seed in range(CANDIDATES):
        answer = model.create_completion(
            text, max_tokens=TOKENS, temperature=1.0, top_k=0, top_p=1.0, min_p=0.02, seed=seed
        )
        count += answer["usage"]["completion_tokens"]  # type: ignore[index]
    return (time.perf_counter() - began) / count


async def together(engine: LlamaEngine, text: str) -> float:
    """Seconds for a token, all candidates in one fan."""
    began, count = time.perf_counter(), 0
    async for answer in engine.rollout(Rollout("r", text, tuple(range(CANDIDATES)), TOKENS)):
        if isinstance(answer, Column):
            count += sum(len(piece.tokens) for piece in answer.pieces)
    return (time.perf_counter() - began) / count


@pytest.mark.bench
async def test_a_fan_takes_far_less_time_than_its_candidates_one_after_another() -> None:
    model = Llama(str(resolve()), n_ctx=1024, verbose=False)
    engine = LlamaEngine()
    await engine.start()
    pairs = []
    for number in range(-1, ROUNDS):
        text = prompt(model, number + 2)
        pair = (await together(engine, text), one_after_another(model, text))
        if number >= 0:
            pairs.append(pair)
    await engine.close()
    fan, naive = (statistics.median(column) for column in zip(*pairs, strict=True))
    ratio = statistics.median(one / other for one, other in pairs)
    whole = CANDIDATES * TOKENS * 1000
    print(
        f"\nprompt {PROMPT_TOKENS} tokens, {CANDIDATES} candidates of {TOKENS}: "
        f"fan {fan * whole:.0f} ms, one after another {naive * whole:.0f} ms, ratio {ratio:.2f} "
        f"(at most {AT_MOST})"
    )
    assert ratio <= AT_MOST
