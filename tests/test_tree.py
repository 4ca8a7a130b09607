"""Text is a path through the tree; the tree only grows, and every character has an author."""

import pytest

from jupyter_sim.errors import BadLog
from jupyter_sim.events import (
    Accepted,
    Edited,
    Event,
    Generated,
    Moved,
    Opened,
    Place,
    Proposed,
    Recipe,
    Rejected,
    Sampling,
    Source,
    Stamp,
    Taken,
    Written,
    node_id,
)
from jupyter_sim.runs import Run
from jupyter_sim.tree import MAX_TEXT, MAX_TREE, Tree, fold, grow


class Story:
    """A cell's tree and the few things that happen to it, in the words of a test."""

    def __init__(self, found: str) -> None:
        self.events: list[Event] = []
        self.tree = Tree("cell")
        self._tell(Opened(self._stamp(), found))

    def type(self, text: str, at: int | None = None, removing: int = 0) -> None:
        at = len(self.tree.text) if at is None else at
        spans = ((Written(text, "human"),) if text else ()) + self.tree.tail(at + removing)
        self._tell(Edited(self._stamp(), self.tree.place(at), removing, spans))

    def offer(self, text: str, at: int | None = None) -> str:
        place = self.tree.place(len(self.tree.text) if at is None else at)
        stamp = self._stamp()
        candidate = node_id(f"g{len(self.events)}")
        self._tell(
            Proposed(
                stamp,
                "fan",
                stamp.id,
                place,
                (candidate,),
                (1,),
                Recipe(0, ""),
                Source("m", "", ""),
                Sampling(),
                "none",
                8,
            )
        )
        self._tell(
            Generated(self._stamp(), "fan", stamp.id, candidate, text, (), (), "length", 0.1)
        )
        return candidate

    def accept(self, candidate: str, start: int, stop: int, at: int | None = None) -> None:
        at = len(self.tree.text) if at is None else at
        place, tail = self.tree.place(at), self.tree.tail(at)
        self._tell(
            Accepted(self._stamp(), "fan", candidate, (candidate,), place, start, stop, tail)
        )

    def reject(self, candidate: str) -> None:
        self._tell(Rejected(self._stamp(), "fan", candidate, (candidate,)))

    def walk(self, to: Place, tail: tuple[Taken, ...]) -> None:
        """Go to a place and take a tail along, as a document records it."""
        head = self.tree.carried(to, tail)
        self._tell(Moved(self._stamp(), head) if head else Edited(self._stamp(), to, 0, tail))

    def back_to(self, text: str) -> None:
        earlier = self.tree.earlier(text)
        assert earlier is not None
        self._tell(Moved(self._stamp(), earlier))

    @property
    def authors(self) -> str:
        """The text with an initial of its author for each character."""
        assert self.tree.head is not None
        return "".join(r.author[0] * len(r.text) for r in self.tree.runs(self.tree.head))

    def _tell(self, event: Event) -> None:
        self.events.append(event)
        self.tree = self.tree.apply(event)

    def _stamp(self) -> Stamp:
        seq = len(self.events) + 1
        return Stamp(f"e{seq}", "w", seq, float(seq), "u", "d", "cell")


def test_typing_goes_on_where_the_text_ends() -> None:
    story = Story("It was")
    story.type(" a dark")
    assert (story.tree.text, story.authors) == ("It was a dark", "ffffff" + "h" * 7)


def test_an_edit_in_the_middle_keeps_the_authors_of_what_follows() -> None:
    story = Story("one three")
    story.type("two ", at=4)
    assert (story.tree.text, story.authors) == ("one two three", "ffffhhhhfffff")


def test_what_is_removed_at_the_end_makes_no_node() -> None:
    story = Story("one two")
    nodes = len(story.tree.nodes)
    story.type("", at=3, removing=4)
    assert (story.tree.text, len(story.tree.nodes)) == ("one", nodes)


def test_what_is_removed_in_the_middle_leaves_the_rest() -> None:
    story = Story("one two three")
    story.type("", at=3, removing=4)
    assert (story.tree.text, story.authors) == ("one three", "f" * 9)


def test_a_word_and_then_the_rest_is_the_same_place_as_all_at_once() -> None:
    whole, parts = Story("It was "), Story("It was ")
    whole.accept(whole.offer("a dark night."), 0, 13)
    candidate = parts.offer("a dark night.")
    parts.accept(candidate, 0, 1)
    parts.accept(candidate, 1, 13)
    assert whole.tree.head == parts.tree.head
    assert parts.authors == "f" * 7 + "m" * 13


def test_an_acceptance_before_existing_text_puts_that_text_behind_it() -> None:
    story = Story("One. Three.")
    candidate = story.offer(" Two.", at=4)
    story.accept(candidate, 0, 2, at=4)
    story.accept(candidate, 2, 5, at=6)
    assert (story.tree.text, story.authors) == ("One. Two. Three.", "ffffmmmmmffffffffff"[:16])


def test_what_is_typed_into_a_candidate_is_human_and_the_rest_is_the_models() -> None:
    story = Story("It was ")
    candidate = story.offer("a dark night.")
    story.type("a d")
    story.accept(candidate, 3, 13)
    assert (story.tree.text, story.authors) == ("It was a dark night.", "f" * 7 + "hhh" + "m" * 10)


def test_a_rejected_candidate_stays_in_the_tree() -> None:
    story = Story("It was ")
    candidate = story.offer("a mistake.")
    story.reject(candidate)
    assert story.tree.verdicts[candidate] == "rejected"
    assert story.tree.nodes[candidate].text == "a mistake."


def test_every_earlier_text_is_a_place_to_go_back_to() -> None:
    story = Story("one")
    story.type(" two")
    story.type("zero ", at=0)
    story.back_to("one two")
    assert (story.tree.text, story.authors) == ("one two", "fffhhhh")
    story.back_to("zero one two")
    assert story.authors == "hhhhhfffhhhh"


def test_a_walk_into_a_sibling_takes_along_what_stood_behind_the_fan() -> None:
    story = Story("One. Three.")
    first, second = story.offer(" Two.", at=4), story.offer(" Deux.", at=4)
    story.accept(first, 0, 5, at=4)
    tail = (Taken(node_id("e1"), 4, 11),)
    story.walk(Place(second, 6), tail)
    assert (story.tree.text, story.authors) == ("One. Deux. Three.", "ffffmmmmmmfffffff")
    story.walk(Place(node_id("e1"), 4), tail)
    assert (story.tree.text, story.tree.head) == ("One. Three.", Place(node_id("e1"), 11))


def test_a_walk_back_makes_no_text_that_is_there() -> None:
    story = Story("One. Three.")
    first, second = story.offer(" Two.", at=4), story.offer(" Deux.", at=4)
    story.accept(first, 0, 5, at=4)
    accepted, tail = story.tree.head, story.tree.tail(9)
    story.walk(Place(second, 6), tail)
    nodes = len(story.tree.nodes)
    story.walk(Place(first, 5), tail)
    story.walk(Place(second, 6), tail)
    story.walk(Place(first, 5), story.tree.tail(10))
    assert (story.tree.head, len(story.tree.nodes)) == (accepted, nodes)


def test_what_reads_the_same_and_has_another_author_is_another_text() -> None:
    story = Story("One. Three.")
    candidate = story.offer(" Two.", at=4)
    story.accept(candidate, 0, 5, at=4)
    story.type(" Three.", at=9, removing=7)
    story.walk(Place(candidate, 5), (Taken(node_id("e1"), 4, 11),))
    assert (story.tree.text, story.authors) == ("One. Two. Three.", "ffffmmmmmfffffff")
    story.type("", at=9, removing=7)
    assert story.tree.carried(Place(node_id("e1"), 2), story.tree.tail(2)) == story.tree.head


def test_every_offset_of_the_text_is_a_place_on_the_branch() -> None:
    story = Story("one")
    story.accept(story.offer(" two"), 0, 4)
    story.type("👩‍🚀", at=3)
    text = story.tree.text
    assert [story.tree.branch(story.tree.place(i)) for i in range(len(text) + 1)] == [
        text[:i] for i in range(len(text) + 1)
    ]
    with pytest.raises(IndexError):
        story.tree.place(len(text) + 1)


def test_applying_one_by_one_and_folding_at_once_give_the_same_tree() -> None:
    story = Story("It was ")
    story.accept(story.offer("a dark night."), 0, 6)
    story.type("er", at=13)
    assert fold(story.events) == ({"cell": story.tree}, ())
    assert grow(Tree("cell"), story.events) == story.tree


def test_an_event_that_refers_to_nothing_is_refused_and_says_so() -> None:
    tree = Story("one").tree
    stamp = Stamp("e9", "w", 9, 9.0, "u", "d", "cell")
    for lost in (
        Moved(stamp, Place("nowhere.0", 0)),
        Moved(stamp, Place("e1.0", 99)),
        Edited(stamp, Place("e1.0", 3), 0, (Taken("nowhere.0", 0, 1),)),
        Generated(stamp, "f", "d", "never.0", "x", (), (), "end", 0.0),
        Accepted(stamp, "f", "never.0", (), Place("e1.0", 3), 0, 1),
    ):
        with pytest.raises(BadLog, match=r"never\.0|nowhere\.0|e1\.0"):
            tree.apply(lost)


def test_a_log_that_doubles_its_text_is_refused_before_memory_is_full() -> None:
    size = 1000
    events: list[Event] = [Opened(Stamp("e1", "w", 1, 0.0, "u", "d", "cell"), "x" * size)]
    for seq in range(2, 60):
        whole = Taken(node_id(f"e{seq - 1}"), 0, size)
        stamp = Stamp(f"e{seq}", "w", seq, 0.0, "u", "d", "cell")
        events.append(Edited(stamp, Place(node_id("e1"), 0), 0, (whole, whole)))
        size *= 2
    trees, problems = fold(events)
    assert MAX_TEXT // 2 < len(trees["cell"].text) <= MAX_TEXT
    assert f"{MAX_TEXT:,} are the most" in problems[0]


def test_a_log_that_takes_its_text_again_and_again_is_refused_too() -> None:
    size = MAX_TEXT // 2
    events: list[Event] = [Opened(Stamp("e1", "w", 1, 0.0, "u", "d", "cell"), "x" * size)]
    for seq in range(2, 200):
        stamp = Stamp(f"e{seq}", "w", seq, 0.0, "u", "d", "cell")
        events.append(Edited(stamp, Place(node_id("e1"), 0), 0, (Taken(node_id("e1"), 0, size),)))
    trees, problems = fold(events)
    assert sum(len(node.text) for node in trees["cell"].nodes.values()) == MAX_TREE
    assert f"{MAX_TREE:,} are the most" in problems[0]


def test_what_hangs_on_a_lost_event_is_left_out_of_a_fold_and_told() -> None:
    story = Story("one")
    story.type(" two")
    story.type(" three")
    trees, problems = fold([story.events[0], story.events[2]])
    assert trees["cell"].text == "one"
    assert len(problems) == 1


def test_runs_of_one_author_are_one() -> None:
    story = Story("")
    story.type("one ")
    story.type("two")
    assert story.tree.head is not None
    assert story.tree.runs(story.tree.head) == (Run("one two", "human"),)
