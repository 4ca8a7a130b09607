"""What frames the prompt, what the model thought of each token, and how draws are made."""

import json
from pathlib import Path

import msgspec
import pytest

from jupyter_sim.events import Event
from jupyter_sim.formats.pairs import prompts

from .context import EACH, EXPLORE, LOOK, ORDER, PRESET, SCORE, Context, chord
from .desk import Desk
from .fan import ACCEPT, DISMISS, NEXT, Fan

SCHEMA = Path(__file__).parents[2] / "labextension" / "schema" / "plugin.json"
OPENING = "It was a dark and stormy night, and"
CHAPTER = "The captain had not slept."
MEMORY = "Anna is the captain's sister."
SCEPTIC = "From the logbook of a sceptic."


@pytest.fixture
def context(desk: Desk) -> Context:
    return Context(desk)


def test_voices_are_written_chosen_and_refused_in_the_panel(desk: Desk, context: Context) -> None:
    name = desk.notebook(OPENING)
    context.open()
    context.add("sceptic", SCEPTIC)
    context.add("hymn", "A hymn.", everywhere=True)
    desk.until("() => document.querySelectorAll('.jp-sim-voice-row').length === 2")
    assert context.chosen() == ["sceptic", "hymn"]
    context.add("sceptic", "Another.")
    trouble = context.dom.get_by_role("alert").filter(has_text="already")
    assert "choose another name" in trouble.inner_text()
    desk.press("Escape")
    context.button("Edit sceptic").click()
    desk.press("Control+a")
    desk.type("stern ")
    desk.press("Control+Enter")
    desk.until("() => document.querySelector('.jp-sim-voice-name').textContent === 'stern'")
    context.button("Delete hymn").click()
    desk.until("() => document.querySelectorAll('.jp-sim-voice-row').length === 1")
    context.leave()
    desk.save()
    kept = json.loads((desk.lab.root / name).read_text())["metadata"]["jupyter_sim"]
    assert kept["voices"] == [{"name": "stern", "text": SCEPTIC}]
    assert kept["chosen"] == ["stern"]


def test_a_fan_is_dealt_round_the_voices_and_marks_its_rows(
    desk: Desk, fan: Fan, context: Context
) -> None:
    name = desk.notebook(OPENING)
    desk.set(n=3, distinct=True)
    context.open()
    context.add("sceptic", SCEPTIC)
    context.add("hymn", "A hymn.")
    context.leave()
    fan.propose(3)
    assert fan.part(".jp-sim-voice").all_inner_texts() == ["sceptic", "hymn", "sceptic"]
    chord(desk, EACH)
    fan.settle(5)
    assert fan.part(".jp-sim-voice").all_inner_texts()[3:] == ["sceptic", "hymn"]
    desk.press(DISMISS)
    desk.recorded()
    proposed = [e for e in desk.lab.events(name) if e["type"] == "proposed"]
    assert [len(e["seeds"]) for e in proposed] == [2, 1, 1, 1]
    assert len({e["recipe"]["voice"] for e in proposed}) == 2


def test_the_inspector_shows_the_exact_prompt_and_the_tokens_that_the_model_reads(
    desk: Desk, fan: Fan, context: Context
) -> None:
    name = desk.notebook(CHAPTER, OPENING)
    desk.edit(1)
    desk.set(contextAbove=True, n=2, length="word")
    context.open()
    context.add("sceptic", SCEPTIC)
    context.dom.get_by_role("textbox", name="Memory").fill(MEMORY)
    context.leave()
    seen = context.prompt()
    assert seen.text == f"{SCEPTIC}\n\n{MEMORY}\n\n{CHAPTER}\n\n{OPENING}"
    assert seen.ids[-len(known := tokens(desk, seen.text)) :] == known
    assert f"{len(seen.ids)} tokens" in seen.facts and "nothing was cut" in seen.facts
    context.leave()
    fan.propose(2)
    desk.press(DISMISS)
    desk.recorded()
    events = msgspec.convert(desk.lab.events(name), list[Event])
    assert set(prompts(events).values()) == {seen.text}
    again = context.prompt()
    assert again.ids == seen.ids
    assert again.cached > len(again.ids) // 2
    context.leave()
    desk.type(" so")
    context.dom.get_by_text("changed since").wait_for()
    desk.set(contextTokens=40)
    cut = context.prompt_again()
    assert len(cut.ids) <= 40 and "cut to fit" in cut.facts
    desk.set(contextTokens=20)
    context.button("Show again").click()
    assert "shorten them" in context.dom.get_by_role("alert").filter(has_text="20").inner_text()


def tokens(desk: Desk, text: str) -> list[int]:
    """The ids of a text's tokens, as the engine reads it for a score."""
    (desk.lab.root / "prompt.txt").write_text(text)
    scored = json.loads(desk.lab.sim("score", "--format", "json", "prompt.txt"))
    return [token["id"] for token in scored["tokens"]]


def test_one_looks_into_a_candidate_and_draws_what_it_might_have_said(desk: Desk, fan: Fan) -> None:
    name = desk.notebook(OPENING)
    desk.set(n=2)
    fan.propose(2)
    ghost = fan.look().ghost
    chord(desk, LOOK)
    said = "".join(fan.part(".jp-sim-token").all_inner_texts())
    assert said.replace("·", " ").replace("↵", "\n") == ghost
    desk.press("ArrowRight")
    others = fan.part(".jp-sim-others [role=option]")
    taken = fan.part(".jp-sim-others .jp-mod-taken .jp-sim-otherText").all_inner_texts()
    while others.locator("xpath=self::*[@aria-selected='true']").inner_text().split()[0] in taken:
        desk.press(NEXT)
    chosen = fan.part(".jp-sim-other.jp-mod-on .jp-sim-otherText").inner_text()
    first = fan.part(".jp-sim-token").first.inner_text()
    desk.press(ACCEPT)
    fan.settle(3)
    assert fan.look().ghost.startswith((first + chosen).replace("·", " ").replace("↵", "\n"))
    desk.press(DISMISS)
    desk.recorded()
    kinds = [event["type"] for event in desk.lab.events(name)]
    assert kinds.count("proposed") == 2


def test_a_cell_is_scored_and_left_where_the_model_would_have_said_something_else(
    desk: Desk, fan: Fan
) -> None:
    desk.notebook(OPENING)
    desk.set(n=2, length="word")
    fan.propose(2)
    desk.press(DISMISS)
    chord(desk, SCORE)
    heat = desk.page.locator(".jp-sim-heat")
    desk.eventually(lambda: "".join(heat.all_inner_texts()).strip() == OPENING)
    heat.nth(4).hover()
    other = desk.page.locator(".jp-sim-judgement .jp-sim-other:not(.jp-mod-taken)").first
    instead = other.locator(".jp-sim-otherText").inner_text().replace("·", " ")
    kept = "".join(heat.all_inner_texts()[:4])
    other.click()
    fan.settle(2)
    assert desk.text() == kept
    assert fan.look().ghost.startswith(instead)
    desk.press(DISMISS)


def test_candidates_that_say_the_same_are_folded_and_rows_are_put_in_order(
    desk: Desk, fan: Fan
) -> None:
    name = desk.notebook(OPENING)
    desk.set(n=3, temperature=0, length="word")
    fan.propose(3)
    assert fan.look().rows[0].note == "×3"
    assert [fan.row(i).is_visible() for i in range(3)] == [True, False, False]
    desk.press(DISMISS)
    desk.set(n=5, temperature=1, length="sentence", order="drawn")
    fan.propose()
    desk.recorded()
    drawn = endings(desk, name)[-5:]
    chord(desk, ORDER)
    chord(desk, ORDER)
    fan.drawer()
    assert fan.part(".jp-sim-order").inner_text() == "alike together"
    wanted = [text.replace("\n", " ↵ ").split() for text in sorted(drawn)]
    assert [row.text.split() for row in fan.look().rows] == wanted
    desk.press(DISMISS)


def test_a_pause_shows_a_ghost_and_the_arrow_its_list(desk: Desk, fan: Fan) -> None:
    desk.notebook("")
    desk.set(pause=200, n=3, length="word")
    desk.type(OPENING)
    desk.until("() => document.querySelector('.jp-sim-ghost')?.textContent")
    assert fan.part("[role=option]").count() == 0
    desk.press(NEXT)
    fan.settle(3)
    desk.press(DISMISS)
    fan.closed()


def test_presets_are_taken_in_the_foot_and_by_a_key_and_saved(desk: Desk, fan: Fan) -> None:
    desk.notebook(OPENING)
    desk.set(n=2, length="word", temperature=0.7)
    fan.propose(2)
    assert fan.part(".jp-sim-preset").inner_text() == "preset"
    save_preset(desk, "quick")
    fan.part(".jp-sim-preset").get_by_text("quick").wait_for()
    fan.part(".jp-sim-preset").click()
    desk.page.get_by_role("menuitemradio", name="plain").click()
    assert fan.part(".jp-sim-length").inner_text() == "sentence"
    chord(desk, PRESET)
    assert fan.part(".jp-sim-preset").inner_text() == "next words"
    assert fan.part(".jp-sim-length").inner_text() == "word"
    fan.part(".jp-sim-preset").click()
    desk.page.get_by_role("menuitemradio", name="quick").click()
    desk.press(DISMISS)
    fan.propose(2)
    desk.press(DISMISS)


def save_preset(desk: Desk, name: str) -> None:
    """Run the command, which waits for its dialog, and name the preset."""
    desk.ask("() => void jupyterapp.commands.execute('jupyter-sim:save-preset')")
    desk.page.get_by_role("dialog").get_by_role("textbox").fill(name)
    desk.press("Enter")
    desk.until("() => desk.writing()")


def test_the_tree_is_explored_with_progress_and_stopped(desk: Desk, fan: Fan) -> None:
    name = desk.notebook(OPENING)
    desk.set(length="word", n=2)
    explore(desk, depth=2, breadth=2, question="Is this a story?")
    told = desk.page.get_by_text("Explored: ").inner_text()
    desk.page.get_by_role("button", name="Show Branches").click()
    desk.recorded()
    drawn = [e for e in desk.lab.events(name) if e["type"] == "generated"]
    gone_on = len({e["text"] for e in drawn[:2]} - {""})
    assert len(drawn) == 2 + 2 * gone_on
    assert told.startswith(f"Explored: {len(drawn)} candidates")
    count = f"{len(drawn) + 1} nodes"
    desk.page.locator(".jp-sim-branches-count").get_by_text(count).wait_for()
    desk.edit(0)
    desk.set(length="128")
    explore(desk, depth=32, breadth=16)
    desk.page.get_by_text("Exploring: ").wait_for()
    desk.page.get_by_role("button", name="Stop").click()
    desk.page.get_by_text("Exploring was stopped").wait_for()
    assert desk.text() == OPENING


def explore(desk: Desk, depth: int, breadth: int, question: str = "") -> None:
    """Fill the dialog in by keys."""
    chord(desk, EXPLORE)
    dialog = desk.page.get_by_role("dialog")
    dialog.get_by_label("Steps deep").fill(str(depth))
    dialog.get_by_label("Branches at each step").fill(str(breadth))
    dialog.get_by_label("Tokens at most").fill("20000")
    dialog.get_by_role("textbox").fill(question)
    assert f"{breadth + (depth - 1) * breadth**2:,} candidates" in dialog.inner_text()
    desk.press("Enter")


def test_what_was_drawn_ahead_is_the_next_fan(desk: Desk, fan: Fan) -> None:
    name = desk.notebook(OPENING)
    desk.set(n=2, prefetch=True)
    fan.propose(2)
    ghost = fan.look().ghost
    desk.recorded()
    desk.eventually(lambda: len(endings(desk, name)) == 4)
    desk.press(ACCEPT)
    desk.until("(text) => desk.text() === text", OPENING + ghost)
    fan.settle(2)
    ahead = endings(desk, name)[2:4]
    assert fan.look().ghost in ahead
    desk.press(DISMISS)
    desk.recorded()
    events = desk.lab.events(name)
    fans = [e["fan"] for e in events if e["type"] == "proposed"]
    assert [e["fan"] for e in events if e["type"] == "dismissed"] == [fans[1]]
    assert desk.lab.replay(name)["cell-0"] == OPENING + ghost


def endings(desk: Desk, name: str) -> list[str]:
    """The texts of all candidates that came to their end."""
    return [e["text"] for e in desk.lab.events(name) if e["type"] == "generated"]


def test_every_command_stands_in_the_palette_and_in_a_menu(desk: Desk) -> None:
    listed = set(desk.ask("() => jupyterapp.commands.listCommands()"))
    ours = {name for name in listed if name.startswith("jupyter-sim:")}
    palette = desk.ask(
        """async () => {
          const palette = await desk.service("@jupyterlab/apputils:ICommandPalette");
          return palette._palette.items.map(({ command }) => command);
        }"""
    )
    menus = json.dumps(json.loads(SCHEMA.read_text())["jupyter.lab.menus"])
    assert ours - set(palette) == set()
    assert {name for name in ours if f'"{name}"' not in menus} == set()
