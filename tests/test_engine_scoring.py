"""Scores, alternatives, ends, prefixes and surveys on the starter model, in this process."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pytest

from jupyter_sim.engine.llama import Llama
from jupyter_sim.engine.messages import (
    Column,
    Piece,
    Priority,
    Rollout,
    Scored,
    ScoredToken,
    Scoring,
    Started,
    Survey,
    Surveyed,
)
from jupyter_sim.engine.rollout import Scheduler
from jupyter_sim.engine.sampling import weigh
from jupyter_sim.engine.scoring import ends, windows
from jupyter_sim.engine.wire import Said, Settings
from jupyter_sim.errors import BadInput, SimError
from jupyter_sim.events import Sampling
from jupyter_sim.models import resolve

TEXT = "The harbour was quiet that evening, and the boats lay still at their moorings. “No,” she "
HONEST = Sampling(min_p=0)


@pytest.fixture(scope="module")
def model() -> Iterator[Llama]:
    yield Llama(resolve(), Settings(context=256, threads=1))


@dataclass
class Desk:
    """A scheduler and all that it has told, in order."""

    model: Llama
    said: list[tuple[int, Said | SimError]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.model.clear()
        self.scheduler = Scheduler(self.model, lambda *told: self.said.append(told))

    def run(self) -> None:
        while self.scheduler.busy:
            self.scheduler.step()

    def draw(self, request: Rollout, serial: int = 1) -> tuple[Started, list[Piece]]:
        """What a rollout says: its start, and one piece for each candidate."""
        self.scheduler.begin(serial, request)
        self.run()
        (started,) = [one for _, one in self.said if isinstance(one, Started)]
        pieces = [piece for _, one in self.said if isinstance(one, Column) for piece in one.pieces]
        self.said.clear()
        return started, [joined(pieces, index) for index in range(len(request.seeds))]

    def score(self, request: Scoring) -> list[Scored]:
        self.scheduler.begin(2, request)
        self.run()
        chunks = [one for _, one in self.said if isinstance(one, Scored)]
        assert len(chunks) == len(self.said)
        self.said.clear()
        return chunks

    def survey(self, text: str) -> Surveyed:
        self.scheduler.begin(3, Survey("s", text))
        ((_, surveyed),) = self.said
        self.said.clear()
        assert isinstance(surveyed, Surveyed)
        return surveyed


def joined(pieces: list[Piece], index: int) -> Piece:
    mine = [piece for piece in pieces if piece.index == index]
    return Piece(
        index,
        "".join(piece.text for piece in mine),
        sum((piece.tokens for piece in mine), ()),
        sum((piece.logprobs for piece in mine), ()),
        mine[-1].finish,
        sum((piece.ends for piece in mine), ()),
        sum((piece.top for piece in mine), ()),
    )


def afresh(model: Llama, tokens: list[int]) -> np.ndarray:
    """Log-probabilities after every token, computed in an empty cache."""
    model.clear()
    places = np.arange(len(tokens), dtype=np.int32)
    rows = []
    for start in range(0, len(tokens), 64):
        part = slice(start, start + 64)
        model.decode(
            np.array(tokens, np.int32)[part], places[part], places[part] * 0, places[part] * 0 + 1
        )
        weights = weigh(model.logits(len(places[part])))
        rows.append(weights.logits - weights.norms[:, None])
    model.clear()
    return np.concatenate(rows)


def whole(chunks: list[Scored]) -> list[ScoredToken]:
    """The tokens of all chunks, which follow each other."""
    tokens: list[ScoredToken] = []
    for chunk in chunks:
        assert chunk.first == chunks[0].first + len(tokens)
        assert chunk.whole == (chunk is chunks[-1])
        tokens += chunk.tokens
    return tokens


@pytest.mark.parametrize("prompt", [TEXT, "It was a dark and stormy nigh", "", "He said, “"])
def test_every_token_comes_with_its_end_and_the_likeliest_in_its_place(
    model: Llama, prompt: str
) -> None:
    started, pieces = Desk(model).draw(
        Rollout("r", prompt, tuple(range(8)), 8, sampling=HONEST, top=20)
    )
    for piece in pieces:
        assert len(piece.tokens) == len(piece.logprobs) == len(piece.ends) == len(piece.top)
        rows = afresh(model, [*started.prompt_tokens, *piece.tokens])
        spelled = b"".join(model.pieces[token] for token in started.prompt_tokens)
        for place, token in enumerate(piece.tokens):
            row = rows[len(started.prompt_tokens) - 1 + place]
            assert piece.logprobs[place] == pytest.approx(row[token], abs=0.1)
            best = piece.top[place]
            assert len(best) == 20
            assert [one.logprob for one in best] == sorted(
                (one.logprob for one in best), reverse=True
            )
            assert best[0].logprob == pytest.approx(row.max(), abs=0.1)
            assert all(one.logprob == pytest.approx(row[one.token], abs=0.1) for one in best)
            mine = [one.logprob for one in best if one.token == token]
            assert mine in ([], [pytest.approx(piece.logprobs[place], abs=1e-4)])
            spelled += model.pieces[token]
            said = len(spelled.decode("utf-8", "ignore")) - len(prompt)
            assert piece.ends[place] == pytest.approx(max(0, said), abs=1)


def test_alternatives_change_nothing_of_what_is_drawn(model: Llama) -> None:
    request = Rollout("r", TEXT, tuple(range(8)), 12)
    _, plain = Desk(model).draw(request)
    _, rich = Desk(model).draw(Rollout("r", TEXT, tuple(range(8)), 12, top=10))
    assert [one.tokens for one in plain] == [one.tokens for one in rich]
    assert all(one.top == () for one in plain)


@pytest.mark.parametrize("prefix", [" answered the girl", "k", "y", "\n\n", "é", " 雨"])
@pytest.mark.parametrize("prompt", ["It was a dar", "“No,” ", ""])
def test_candidates_begin_with_the_prefix_and_it_is_judged_like_the_rest(
    model: Llama, prompt: str, prefix: str
) -> None:
    request = Rollout("r", prompt, tuple(range(6)), 5, sampling=HONEST, top=2, prefix=prefix)
    started, pieces = Desk(model).draw(request)
    before = b"".join(model.pieces[token] for token in started.prompt_tokens)
    assert prompt.encode().startswith(before)
    for piece in pieces:
        assert piece.text.startswith(prefix)
        assert len(piece.tokens) == len(piece.logprobs) == len(piece.ends) == len(piece.top)
        spelled = before + b"".join(model.pieces[token] for token in piece.tokens)
        assert spelled.decode("utf-8", "ignore").startswith((prompt + piece.text).rstrip("\ufffd"))
        rows = afresh(model, [*started.prompt_tokens, *piece.tokens])
        judged = [rows[len(started.prompt_tokens) - 1 + i, t] for i, t in enumerate(piece.tokens)]
        assert np.allclose(piece.logprobs, judged, atol=0.1)


def test_the_tokens_of_a_prefix_are_beside_those_asked_for(model: Llama) -> None:
    prefix = " and the boats lay still at their moorings"
    _, (piece,) = Desk(model).draw(Rollout("r", "It was", (1,), 3, sampling=HONEST, prefix=prefix))
    new = len(piece.text.encode()) - len(prefix.encode())
    assert new > 0 and piece.finish in ("length", "end")
    beyond = [end for end in piece.ends if end > len(prefix)]
    assert len(beyond) == 3


def test_a_text_is_scored_as_it_is_computed_afresh(model: Llama) -> None:
    desk = Desk(model)
    scored = whole(desk.score(Scoring("s", TEXT, top=3)))
    tokens = model.tokenize(TEXT)
    assert [one.token for one in scored] == tokens
    assert "".join(one.text for one in scored) == TEXT
    assert scored[-1].end == len(TEXT)
    rows = afresh(model, tokens)
    for place, one in enumerate(scored[1:]):
        assert one.logprob == pytest.approx(rows[place, one.token], abs=0.05)
        assert one.top[0].logprob == pytest.approx(rows[place].max(), abs=0.05)
    first = afresh(model, [model.opener])[0, tokens[0]]
    assert scored[0].logprob == pytest.approx(first, abs=0.05)


def test_what_was_drawn_is_scored_as_it_was_judged(model: Llama) -> None:
    desk = Desk(model)
    started, (piece,) = desk.draw(Rollout("r", TEXT, (5,), 20))
    tokens = (*started.prompt_tokens, *piece.tokens)
    scored = whole(desk.score(Scoring("s", tokens=tokens, start=len(started.prompt_tokens))))
    assert [one.token for one in scored] == list(piece.tokens)
    assert np.allclose([one.logprob for one in scored], piece.logprobs, atol=0.1)


def test_a_long_text_is_read_in_windows_with_half_of_one_before_every_token(model: Llama) -> None:
    text = TEXT * 40
    tokens = model.tokenize(text)
    assert len(tokens) > 3 * model.window
    chunks = Desk(model).score(Scoring("s", text))
    scored = whole(chunks)
    assert [one.token for one in scored] == tokens
    assert all(len(chunk.tokens) <= 64 for chunk in chunks)
    size = model.window
    place = size + 10
    begin = size - size // 2
    rows = afresh(model, tokens[begin:place])
    assert scored[place].logprob == pytest.approx(rows[-1, tokens[place]], abs=0.1)


@pytest.mark.parametrize(("count", "start"), [(0, 0), (1, 0), (5, 2), (20, 0), (100, 0), (100, 77)])
@pytest.mark.parametrize("led", [False, True])
def test_windows_judge_every_token_once_and_fit(count: int, start: int, led: bool) -> None:
    text = list(range(100, 100 + count))
    judged: list[int] = []
    for lead, begin, first, stop in windows(text, start, 9, 20, led=led):
        judged += range(first, stop)
        assert len(lead) + stop - 1 - begin <= 20
        assert not begin or first - begin >= 10
    assert judged == list(range(start, count))


def test_an_empty_text_and_a_start_behind_the_end_have_no_scores(model: Llama) -> None:
    desk = Desk(model)
    assert desk.score(Scoring("s", "")) == [Scored("s", 0, (), True)]
    assert desk.score(Scoring("s", "word", start=90))[-1].whole
    opening = desk.score(Scoring("s", tokens=(model.opener,)))
    assert opening == [Scored("s", 0, (ScoredToken(model.opener, "", 0, 0.0),), True)]


def test_tokens_that_the_model_lacks_are_refused(model: Llama) -> None:
    desk = Desk(model)
    desk.scheduler.begin(1, Scoring("s", tokens=(1, model.vocabulary)))
    ((_, error),) = desk.said
    assert isinstance(error, BadInput) and f"tokens 0 to {model.vocabulary - 1}" in str(error)


def test_a_cancelled_scoring_says_that_it_is_not_whole(model: Llama) -> None:
    desk = Desk(model)
    desk.scheduler.begin(1, Scoring("s", TEXT * 20))
    desk.scheduler.step()
    desk.scheduler.interrupt(1)
    desk.run()
    last = desk.said[-1][1]
    assert isinstance(last, Scored) and last.tokens == () and not last.whole


def test_a_survey_says_what_a_prompt_is_made_of_and_what_of_it_is_there(model: Llama) -> None:
    desk = Desk(model)
    cold = desk.survey(TEXT)
    assert cold.reused == 0 and cold.ends[-1] == len(TEXT)
    started, _ = desk.draw(Rollout("r", TEXT, (0,), 2))
    assert cold.tokens == started.prompt_tokens + started.back
    assert cold.back == started.back != ()
    assert desk.survey(TEXT).reused == len(started.prompt_tokens) - 1
    assert desk.survey("").ends == desk.survey("").ends[:1]


def test_a_space_that_a_tokenizer_puts_first_is_not_counted() -> None:
    assert ends([b" It", b" was"], "It was") == [2, 6]
    assert ends([b"\xe9\x9b", b"\xa8", b"!"], "雨!") == [0, 1, 2]


@pytest.mark.parametrize("lower", ["explore", "prefetch"])
def test_what_is_less_urgent_waits_until_nobody_looks_at_a_fan(
    model: Llama, lower: Priority
) -> None:
    desk = Desk(model)
    desk.scheduler.begin(1, Rollout("low", TEXT, (0, 1), 30, priority=lower))
    for _ in range(4):
        desk.scheduler.step()
    desk.scheduler.begin(2, Rollout("fan", "It was a dark", (0, 1), 10))
    desk.scheduler.begin(3, Scoring("s", TEXT))
    desk.run()
    order = [serial for serial, _ in desk.said]
    first, last = order.index(2), len(order) - 1 - order[::-1].index(2)
    assert set(order[first : last + 1]) == {2}
    assert not any(isinstance(said, SimError) for _, said in desk.said)
    assert any(serial == 1 for serial in order[:first]) and order.index(3) > last
