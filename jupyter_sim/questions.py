"""What a front end asks about a text, and nothing is recorded of: how likely it is, and what the
model would be sent. It knows the engine, and answers through a callback.
"""

from .draw import Reply
from .engine.messages import Engine, ScoredToken, Scoring
from .errors import EngineError
from .prompt import Material
from .prompts import Prompts
from .protocol import Acknowledged, Inspect, Inspected, Score, Scored


async def score(engine: Engine, request: Score, text: str, reply: Reply) -> list[ScoredToken]:
    """Tell how likely a text is, token by token; all tokens. Raises what an engine raises."""
    whole, tokens = False, list[ScoredToken]()
    async for part in engine.score(Scoring(request.id, text, top=request.top)):
        whole = part.whole
        tokens += part.tokens
        reply(Scored(request.id, part.first, part.tokens, whole))
    if not whole:
        raise EngineError("The scoring was stopped; score the cell again.")
    return tokens


async def inspect(prompts: Prompts, request: Inspect, material: Material, reply: Reply) -> None:
    """Tell the exact prompt that a proposal would send. Raises what an engine raises."""
    prompt = await prompts.make(material, request.context.tokens, request.max_tokens)
    seen = await prompts.survey(prompt.text)
    reply(Inspected(request.id, prompt.text, seen.tokens, seen.ends, prompt.cut, seen.reused))
    reply(Acknowledged(request.id))
