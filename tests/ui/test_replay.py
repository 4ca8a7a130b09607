"""Session logs in the replay document: what was written comes again, and nothing else does."""

import json
from pathlib import Path

from playwright.sync_api import Browser

from .desk import Desk
from .fan import ACCEPT, BRANCH, DISMISS, NEXT, REJECT, WORD, Fan
from .lab import Lab, new_name, running
from .replay import (
    BACK,
    BEGINNING,
    COPY,
    END,
    FAN_BEFORE,
    FASTER,
    NEXT_FAN,
    PLAY,
    STEP,
    Replay,
)
from .test_failures import GONE

OPENING = "It was a dark and "
EXAMPLE = Path(__file__).parents[2] / "examples" / "example.simlog"


def opened(desk: Desk, log: str) -> Replay:
    """Open a log as one does in the file browser."""
    desk.command("filebrowser:go-to-path", path="/")
    desk.command("filebrowser:refresh")
    desk.page.locator(".jp-DirListing-item", has_text=log).dblclick()
    return Replay(desk.page)


def example(lab: Lab) -> str:
    name = new_name(".simlog")
    (lab.root / name).write_bytes(EXAMPLE.read_bytes())
    return name


def test_a_text_that_was_written_over_a_crash_is_played_back_to_the_letter(
    own_desk, tmp_path: Path
) -> None:
    with running(tmp_path) as lab:
        desk = own_desk(lab)
        fan = Fan(desk)
        desk.arrive()
        name = desk.notebook("")
        desk.type(OPENING)
        fan.propose()
        desk.press(WORD)
        desk.press(ACCEPT)
        fan.propose()
        desk.press(BRANCH)
        desk.recorded()
        desk.forgive(*GONE)
        lab.kill()
        desk.press(NEXT)
        desk.press(ACCEPT)
        lab.start()
        desk.eventually(lambda: lab.events(name)[-1]["type"] == "accepted")
        desk.edit(0)
        desk.type(" The end.")
        fan.propose()
        desk.press(REJECT)
        fan.settle()
        desk.press(DISMISS)
        desk.save()
        desk.recorded()
        log = new_name(".simlog")
        lab.sim("export", name, "-o", log)

        replay = opened(desk, log)
        assert replay.standing == "verified"
        assert replay.event == 1 and replay.text == OPENING
        replay.focus()
        replay.press(*[FASTER] * 4, PLAY)
        replay.at_end()
        assert replay.events == len(lab.events(name))
        assert replay.text == desk_text(lab, name)
        replay.settled()
        assert replay.figures["choices"] == "2"


def desk_text(lab: Lab, name: str) -> str:
    return "".join(json.loads((lab.root / name).read_text())["cells"][0]["source"])


def test_a_replay_is_played_by_the_keyboard_alone(desk: Desk) -> None:
    replay = opened(desk, example(desk.lab))
    replay.focus()
    replay.press(STEP, STEP)
    assert replay.event == 3
    replay.press(BACK)
    assert replay.event == 2
    replay.press(NEXT_FAN)
    first = replay.event
    assert [state for _, state in replay.offered] != [] and "having seen" in replay.said
    replay.press(NEXT_FAN)
    assert replay.event > first
    replay.press(FAN_BEFORE)
    assert replay.event == first
    replay.press(END)
    assert replay.event == replay.events == 43
    replay.press(BEGINNING)
    assert replay.event == 1
    replay.line.focus()
    replay.press("PageDown")
    assert replay.event > 2
    assert replay.said in (replay.line.get_attribute("aria-valuetext") or "")


def test_the_time_line_is_scrubbed_with_the_mouse(desk: Desk) -> None:
    replay = opened(desk, example(desk.lab))
    box = replay.line.bounding_box()
    assert box
    desk.page.mouse.move(box["x"] + 2, box["y"] + 10)
    desk.page.mouse.down()
    desk.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 10)
    replay.drawn()
    assert 10 < replay.event < 35
    desk.page.mouse.move(box["x"] + box["width"] + 40, box["y"] + 10)
    desk.page.mouse.up()
    replay.drawn()
    assert replay.event == replay.events


def test_the_text_at_a_step_can_be_copied(own_desk, lab: Lab) -> None:
    desk = own_desk(lab, permissions=["clipboard-read", "clipboard-write"])
    desk.arrive()
    replay = opened(desk, example(lab))
    replay.focus()
    replay.press(NEXT_FAN, COPY)
    desk.page.get_by_text("was copied").wait_for()
    copied = desk.ask("() => navigator.clipboard.readText()")
    assert copied == replay.text and "The letter had been opened" in copied


def test_the_history_of_the_current_document_is_replayed(desk: Desk, fan: Fan) -> None:
    name = desk.notebook(OPENING)
    fan.propose()
    desk.press(ACCEPT)
    desk.recorded()
    desk.command("jupyter-sim:replay")
    replay = Replay(desk.page)
    assert replay.standing == "verified"
    replay.focus()
    replay.press(END)
    assert replay.events == len(desk.lab.events(name))
    assert replay.text.startswith(OPENING) and len(replay.text) > len(OPENING)


def test_a_document_without_a_history_says_so(desk: Desk) -> None:
    desk.notebook(OPENING)
    desk.forgive("404")
    desk.command("jupyter-sim:replay")
    desk.page.get_by_text("Nothing was recorded of this document yet.").wait_for()


def test_a_log_that_was_changed_or_damaged_is_played_and_says_so(desk: Desk) -> None:
    lines = EXAMPLE.read_bytes().splitlines(keepends=True)
    changed = [line.replace(b"The letter", b"The litter") for line in lines]
    garbled = [*lines[:5], lines[5][:40] + b"\n", *lines[6:-1]]
    name = new_name(".simlog")
    (desk.lab.root / name).write_bytes(b"".join(changed))
    replay = opened(desk, name)
    assert replay.standing == "modified"
    assert replay.events == 43 and "The litter" in replay.text
    name = new_name(".simlog")
    (desk.lab.root / name).write_bytes(b"".join(garbled))
    replay = opened(desk, name)
    assert replay.standing == "damaged"
    replay.part("badge").locator("summary").click()
    replay.dom.get_by_text("Line 6 is not JSON.").wait_for()
    replay.dom.get_by_text("its end is missing").wait_for()
    replay.focus()
    replay.press(END)
    assert replay.events == 42


def test_what_is_no_log_is_told_in_a_sentence(desk: Desk) -> None:
    name = new_name(".simlog")
    (desk.lab.root / name).write_text('{"format":"pickle"}\n')
    desk.command("docmanager:open", path=name)
    desk.page.get_by_text("This is no session log").wait_for()


def test_an_exported_page_replays_without_a_network(browser: Browser, lab: Lab) -> None:
    (lab.root / "page.simlog").write_bytes(EXAMPLE.read_bytes())
    lab.sim("export", "page.simlog", "-o", "page.html")
    page = browser.new_context(color_scheme="dark").new_page()
    asked, errors = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: errors.append(message.text))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto((lab.root / "page.html").as_uri())
    replay = Replay(page)
    replay.press(NEXT_FAN, STEP)
    assert replay.event > 2 and replay.offered
    replay.press(END)
    replay.settled()
    assert replay.standing == "exported"
    assert (
        json.loads(lab.sim("replay", "page.simlog", "--format", "json").splitlines()[-1])["text"]
        == replay.text
    )
    assert asked == [page.url] and errors == []
    assert page.evaluate("() => document.body.dataset.jpThemeLight") == "false"
    page.context.close()
