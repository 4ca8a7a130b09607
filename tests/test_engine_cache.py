"""The cache finds what is there, shares cells, and evicts what was used longest ago, never busy."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from jupyter_sim.engine.cache import Cache, Copy, Cut, Discard, Empty, Order, Park, Unpark

LONG = 80


def made(sequences: int, cells: int, kept: int, parked: int = 0) -> tuple[Cache, list[Order]]:
    """A cache, and the orders that it gives."""
    orders: list[Order] = []

    def obey(order: Order) -> bool:
        orders.append(order)
        return True

    return Cache(sequences, cells, kept, obey, parked), orders


def filled(cache: Cache, tokens: list[int]) -> int:
    """A busy sequence that holds `tokens`."""
    sequence = cache.open(tokens)
    assert sequence is not None
    cache.extend(sequence, tokens[cache.length(sequence) :])
    return sequence


def test_typing_on_goes_on_in_the_same_sequence() -> None:
    cache, orders = made(4, 100, 100)
    first = filled(cache, [1, 2, 3])
    cache.close(first)
    assert cache.open([1, 2, 3, 4, 5]) == first
    assert cache.length(first) == 3
    assert orders == []


def test_a_sibling_branch_shares_the_cells_of_what_both_have_in_common() -> None:
    cache, orders = made(4, 100, 100)
    first = filled(cache, [1, 2, 3, 4])
    second = filled(cache, [1, 2, 9])
    assert orders == [Copy(first, second, 2)]
    assert cache.used == 5


def test_a_fork_costs_nothing_until_it_grows() -> None:
    cache, _ = made(4, 100, 100)
    trunk = filled(cache, [1, 2, 3])
    forks = [cache.fork(trunk) for _ in range(3)]
    assert cache.used == 3
    assert cache.fork(trunk) is None
    for fork in forks:
        assert fork is not None
        cache.extend(fork, [7])
    assert cache.used == 6


def test_what_goes_on_where_it_ended_costs_no_other_its_place() -> None:
    cache, orders = made(8, 100, 2)
    branches = [filled(cache, [1, 2, branch]) for branch in range(3)]
    for branch in branches:
        cache.close(branch)
    orders.clear()
    assert [cache.resume([1, 2, branch]) for branch in range(3)] == branches
    assert cache.resume([1, 2, 3]) is None
    assert orders == [] and cache.used == 5
    beginning = cache.resume([1, 2])
    assert beginning is not None and cache.tokens(beginning) == [1, 2]


def test_what_was_used_longest_ago_goes_first_and_what_is_busy_never() -> None:
    cache, orders = made(3, 100, 100)
    old, new, busy = (filled(cache, [token] * 3) for token in (1, 2, 3))
    cache.close(old)
    cache.close(new)
    again = cache.open([9])
    assert again == old
    assert cache.held.keys() == {old, new, busy}
    assert orders == [Cut(old, 0)]
    assert cache.open([8]) == new
    assert cache.open([7]) is None


def test_a_new_sequence_finds_few_idle_cells_that_are_of_no_use_to_it() -> None:
    cache, _ = made(8, 100, 10)
    for token in range(5):
        cache.close(filled(cache, [token] * 4))
    assert cache.used == 12
    assert len(cache.held) == 3


def test_what_a_new_sequence_shares_does_not_count_as_idle() -> None:
    cache, _ = made(8, 100, 10)
    trunk = filled(cache, [1] * 20)
    for token in range(2, 5):
        fork = cache.fork(trunk)
        assert fork is not None
        cache.extend(fork, [token] * 3)
        cache.close(fork)
    cache.close(trunk)
    filled(cache, [1] * 20 + [2, 9])
    assert len(cache.held) == 5


def test_room_is_made_of_idle_sequences_only() -> None:
    cache, _ = made(4, 10, 10)
    busy = filled(cache, [1] * 4)
    cache.close(filled(cache, [2] * 4))
    assert cache.room(6)
    assert cache.held.keys() == {busy}
    assert not cache.room(7)


def common(one: list[int], other: list[int]) -> int:
    """How much two rows of tokens have in common at their beginnings."""
    pairs = zip(one, other, strict=False)
    return next((n for n, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))


def test_what_is_evicted_comes_back_from_where_it_is_parked() -> None:
    cache, orders = made(8, 1000, 100, parked=1000)
    voice = [1] * 150
    cache.close(filled(cache, voice))
    cache.close(filled(cache, [2] * 150))
    assert Park(0, 0) in orders and cache.shared(voice) == 150
    orders.clear()
    again = cache.open([*voice, 7])
    assert again is not None and cache.length(again) == 150
    assert orders[0] == Unpark(0, again)


def test_another_text_finds_the_memory_empty_while_nobody_is_busy() -> None:
    cache, orders = made(8, 1000, 900, parked=1000)
    voice = [1] * 300
    trunk = filled(cache, voice)
    for _ in range(3):
        fork = cache.fork(trunk)
        assert fork is not None
        cache.close(fork)
    cache.close(trunk)
    orders.clear()
    busy = filled(cache, [2] * 100)
    assert [type(order) for order in orders] == [Park, Empty]
    assert cache.used == 100
    filled(cache, voice)
    assert cache.used == 400
    cache.close(busy)


def test_little_that_is_lost_is_not_parked_and_what_is_longer_replaces_what_it_begins_with() -> (
    None
):
    cache, orders = made(3, 1000, 100, parked=1000)
    cache.close(filled(cache, [1] * 40))
    cache.close(filled(cache, [2] * 150))
    cache.close(filled(cache, [3] * 150))
    assert [order for order in orders if isinstance(order, Park)] == [Park(1, 0)]
    longer = cache.open([2] * 150 + [4] * 90)
    assert longer is not None
    cache.extend(longer, [4] * 90)
    cache.close(longer)
    cache.close(filled(cache, [5] * 150))
    assert Discard(0) in orders
    assert cache.shared([2] * 150 + [4] * 90) == 240


def test_what_cannot_come_back_is_computed_again() -> None:
    cache = Cache(8, 1000, 100, lambda order: not isinstance(order, Unpark), 1000)
    cache.close(filled(cache, [1] * 150))
    cache.close(filled(cache, [2] * 150))
    again = cache.open([1] * 150)
    assert again is not None and cache.length(again) == 0


def rested(cache: Cache, orders: list[Order]) -> list[Order]:
    """What is ordered in a pause that is long enough."""
    orders.clear()
    while cache.rest():
        assert len(orders) < 50
    return orders[:]


def test_what_was_saved_in_a_pause_is_not_parked_when_another_text_comes() -> None:
    cache, orders = made(8, 1000, 900, parked=1000)
    voice = [1] * 300
    trunk = filled(cache, voice)
    for token in (2, 3):
        fork = cache.fork(trunk)
        assert fork is not None
        cache.extend(fork, [token] * 40)
        cache.close(fork)
    assert rested(cache, orders) == []
    cache.close(trunk)
    last = max(cache.held)
    assert rested(cache, orders) == [Cut(trunk, 0), Park(last, 0)]
    assert rested(cache, orders) == []
    filled(cache, [9] * 300)
    assert not [order for order in orders if isinstance(order, Park)]
    assert cache.shared(voice) == 300


def test_a_text_that_is_written_on_is_saved_once_whatever_branches_it_had() -> None:
    cache, orders = made(8, 2000, 1900, parked=2000)
    saved: set[int] = set()
    for chapter in range(1, 5):
        for token in range(2, 5):
            cache.close(filled(cache, [1] * 200 * chapter + [token] * 30))
            for order in rested(cache, orders):
                match order:
                    case Park(_, key):
                        saved.add(key)
                    case Discard(key):
                        saved.remove(key)
        assert len(saved) == 1


def test_in_a_pause_memory_that_is_too_small_for_all_is_filled_but_once() -> None:
    cache, orders = made(8, 1000, 900, parked=400)
    for sequence in [filled(cache, [token] * 250) for token in (1, 2, 3)]:
        cache.close(sequence)
    assert len([order for order in rested(cache, orders) if isinstance(order, Park)]) == 3
    assert rested(cache, orders) == []


class Memory(RuleBasedStateMachine):
    """A KV cache that obeys orders literally has to hold what the bookkeeping says."""

    busy = Bundle("busy")

    def __init__(self) -> None:
        super().__init__()
        self.memory: dict[int, list[int]] = {}
        self.parked: dict[int, list[int]] = {}
        self.cache = Cache(6, 60 * LONG, 20 * LONG, self.obey, 25 * LONG)

    def obey(self, order: Order) -> bool:
        match order:
            case Park(sequence, key):
                assert key not in self.parked
                self.parked[key] = list(self.memory[sequence])
            case Unpark(key, sequence):
                assert not self.memory.get(sequence)
                self.memory[sequence] = list(self.parked[key])
            case Discard(key):
                del self.parked[key]
            case Cut(sequence, length):
                del self.memory.setdefault(sequence, [])[length:]
            case Copy(source, target, length):
                assert not self.memory.get(target)
                self.memory[target] = self.memory[source][:length]
            case Empty():
                self.memory.clear()
        return True

    @rule(target=busy, tokens=st.lists(st.integers(0, 2), max_size=6))
    def open(self, tokens: list[int]) -> int:
        tokens = [token for token in tokens for _ in range(LONG)]
        here = max((common(held, tokens) for held in self.memory.values()), default=0)
        there = max((common(held, tokens) for held in self.parked.values()), default=0)
        assert self.cache.shared(tokens) == max(here, there)
        sequence = self.cache.open(tokens)
        if sequence is None:
            return -1
        held = self.cache.length(sequence)
        assert held >= here or 2 * here < len(tokens)
        assert self.memory.get(sequence, [])[:held] == tokens[:held]
        self.grow(sequence, tokens[held:])
        return sequence

    @rule(target=busy, source=busy)
    def fork(self, source: int) -> int:
        if source < 0:
            return -1
        sequence = self.cache.fork(source)
        return -1 if sequence is None else sequence

    @rule(sequence=busy, tokens=st.lists(st.integers(0, 2), max_size=4))
    def grow(self, sequence: int, tokens: list[int]) -> None:
        if sequence >= 0 and self.cache.room(len(tokens)):
            self.cache.extend(sequence, tokens)
            self.memory.setdefault(sequence, []).extend(tokens)

    @rule(sequence=consumes(busy))
    def close(self, sequence: int) -> None:
        if sequence >= 0:
            self.cache.close(sequence)

    @rule()
    def rest(self) -> None:
        assert any(not self.cache.rest() for _ in range(20))

    @invariant()
    def memory_holds_what_is_noted(self) -> None:
        noted = {number: list(tokens) for number, tokens in self.cache.held.items() if tokens}
        assert {number: tokens for number, tokens in self.memory.items() if tokens} == noted

    @invariant()
    def what_is_parked_stays_within_its_memory(self) -> None:
        assert sum(map(len, self.parked.values())) <= 25 * LONG

    @invariant()
    def no_more_cells_are_in_use_than_tokens_are_held(self) -> None:
        held = self.cache.held.values()
        assert self.cache.used <= sum(map(len, held))
        assert self.cache.used >= len({tokens[:n] for tokens in held for n in range(len(tokens))})


Memory.TestCase.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)
TestMemory = Memory.TestCase


def test_in_a_pause_what_is_the_beginning_of_something_else_goes() -> None:
    cache, _ = made(64, 4096, 600, parked=4096)
    trunk = cache.open(list(range(300)))
    assert trunk is not None
    cache.extend(trunk, list(range(300)))
    forks = [fork for _ in range(4) if (fork := cache.fork(trunk)) is not None]
    for place, fork in enumerate(forks):
        cache.extend(fork, [1000 + place])
        cache.close(fork)
    cache.close(trunk)
    while cache.rest():
        pass
    assert set(cache.held) == {*forks}
    back = cache.resume(list(range(300)))
    assert back is not None and cache.tokens(back) == list(range(300))
    assert cache.resume([*range(299), 7]) is None
