"""Session logs in the replay document: what was written comes again, and nothing else does."""

import json
from codecs import BOM_UTF8
from pathlib import Path

from playwright.sync_api import Browser, Page

from jupyter_sim.formats.embedded import BEGIN

from .desk import Desk
from .fan import ACCEPT, BRANCH, DISMISS, NEXT, REJECT, WORD, Fan
from .hostile import write_hostile, write_refused
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
from .test_failures import is_sentence

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


def test_a_text_that_was_written_over_crashes_is_played_back_to_the_letter(
    own_desk, tmp_path: Path
) -> None:
    with running(tmp_path, token="secret") as lab:
        desk = own_desk(lab)
        fan = Fan(desk)
        desk.arrive()
        name = desk.notebook("")
        desk.type(OPENING)
        fan.propose()
        fan.highlight(longest(fan))
        desk.press(WORD)
        desk.press(ACCEPT)
        with fan.streaming(n=8):
            lab.worker().kill()
        assert is_sentence(fan.sentence())
        desk.press(DISMISS)
        desk.set(length="sentence", n=5)
        fan.propose()
        desk.press(BRANCH)
        desk.lose_server()
        assert is_sentence(fan.sentence())
        desk.press(NEXT)
        accepted = desk.text() + fan.look().ghost
        desk.press(ACCEPT)
        assert desk.text() == accepted
        desk.type(" Then ")
        fan.open()
        assert is_sentence(fan.sentence())
        standing = desk.page.locator(".jp-sim-status")
        assert "no connection" in standing.inner_text()
        desk.page.screenshot(path=tmp_path / "away.png")
        lab.start()
        fan.settle()
        assert lab.status()["device"] in standing.inner_text()
        desk.press(REJECT)
        fan.settle()
        desk.press(ACCEPT)
        desk.type(" The end.")
        desk.save()
        desk.recorded()
        written = desk.text()
        kinds = [event["type"] for event in lab.events(name)]
        given = [kind for kind in kinds if kind in ("accepted", "branched", "rejected")]
        assert given == ["accepted"] * 2 + ["branched", "accepted", "rejected", "accepted"]
        assert written == desk.saved(name) and written.startswith(accepted + " Then ")

        desk.command("jupyter-sim:replay")
        replay = Replay(desk.page)
        replay.focus()
        replay.press(END)
        assert replay.standing == "verified" and replay.text == written
        desk.command("application:close")
        log = new_name(".simlog")
        lab.sim("export", name, "-o", log)
        replay = opened(desk, log)
        assert replay.standing == "verified"
        assert replay.event == 1 and replay.text == OPENING
        replay.focus()
        replay.press(*[FASTER] * 4, PLAY)
        replay.at_end()
        assert replay.events == len(kinds)
        assert replay.text == written
        replay.settled()
        assert replay.figures["choices"] == "3"
        desk.page.screenshot(path=tmp_path / "played.png")


def longest(fan: Fan) -> int:
    """The row with the longest text, which has more than one word."""
    rows = fan.look().rows
    return max(range(len(rows)), key=lambda row: len(rows[row].text))


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


def test_the_bits_are_plotted_by_cell_and_by_voice_as_they_are_counted(desk: Desk) -> None:
    name = example(desk.lab)
    replay = opened(desk, name)
    replay.focus()
    replay.press(END)
    replay.settled()
    counted = json.loads(desk.lab.sim("curation", name, "--no-model", "--format", "json"))
    for by in ("cell", "voice"):
        bits = [f"{part['selection_bits']:.2f}" for part in counted[f"{by}s"].values()]
        assert len(bits) > 1 and replay.plotted(f"bits by {by}") == bits
    assert len(counted["days"]) == 1 and replay.dom.get_by_text("bits by day").count() == 0


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
    assert replay.standing == "modified at line 2"
    assert replay.events == 43 and "The litter" in replay.text
    name = new_name(".simlog")
    (desk.lab.root / name).write_bytes(b"".join(garbled))
    replay = opened(desk, name)
    assert replay.standing == "damaged at line 6"
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


def test_nothing_can_be_saved_over_a_log(desk: Desk) -> None:
    name = example(desk.lab)
    opened(desk, name).focus()
    desk.forgive("A session log cannot be saved")
    desk.press("Control+s")
    desk.page.get_by_text("A session log is a record").first.wait_for()
    assert (desk.lab.root / name).read_bytes() == EXAMPLE.read_bytes()


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
    assert replay.standing == "verified"
    assert (
        json.loads(lab.sim("replay", "page.simlog", "--format", "json").splitlines()[-1])["text"]
        == replay.text
    )
    assert asked == [page.url] and errors == []
    assert page.evaluate("() => document.body.dataset.jpThemeLight") == "false"
    page.context.close()


def test_an_exported_page_that_a_browser_saved_replays_once_and_is_whole(
    browser: Browser, lab: Lab
) -> None:
    (lab.root / "page.simlog").write_bytes(EXAMPLE.read_bytes())
    lab.sim("export", "page.simlog", "-o", "page.html")
    page = browser.new_page()
    page.goto((lab.root / "page.html").as_uri())
    Replay(page).settled()
    (lab.root / "saved.html").write_text(
        f"<!DOCTYPE html>\n{page.locator('html').evaluate('html => html.outerHTML')}"
    )
    page.goto((lab.root / "saved.html").as_uri())
    replay = Replay(page)
    assert replay.standing == "verified"
    assert page.locator("#replay > *").count() == 1
    assert ": whole" in lab.sim("history", "verify", "saved.html")
    page.close()


def test_an_exported_page_is_read_by_its_script_as_it_is_by_the_command(
    browser: Browser, lab: Lab
) -> None:
    (lab.root / "page.simlog").write_bytes(EXAMPLE.read_bytes())
    lab.sim("export", "page.simlog", "-o", "page.html")
    data = (lab.root / "page.html").read_bytes()
    before, begin, rest = data.partition(BEGIN)
    log, end, _ = rest.partition(b"</script>")
    other = begin + log.replace(b"The letter", b"The litter", 1) + end
    two = before + b"<p id='simlog'></p>\n" + begin + rest.replace(b"</body>", other + b"</body>")
    page = browser.new_page()
    for saved in (two, BOM_UTF8 + data.replace(b"\n", b"\r\n")):
        (lab.root / "saved.html").write_bytes(saved)
        page.goto((lab.root / "saved.html").as_uri())
        assert Replay(page).standing == "verified"
        assert ": whole" in lab.sim("history", "verify", "saved.html")
    page.close()


def test_an_exported_page_says_where_it_was_altered(browser: Browser, lab: Lab) -> None:
    (lab.root / "page.simlog").write_bytes(EXAMPLE.read_bytes())
    lab.sim("export", "page.simlog", "-o", "altered.html", "--redact")
    page = browser.new_page()
    path = lab.root / "altered.html"
    page.goto(path.as_uri())
    assert Replay(page).standing == "verified"
    before, begin, log = path.read_text().partition('id="simlog">')
    path.write_text(before + begin + log.replace("The letter", "The litter", 1))
    page.reload()
    replay = Replay(page)
    assert replay.standing == "modified at line 2"
    replay.part("badge").locator("summary").click()
    replay.dom.get_by_text("Line 2 is not what line 3 proves").wait_for()
    page.close()


def test_nothing_in_a_hostile_log_becomes_mark_up_or_a_request(own_desk, lab: Lab) -> None:
    desk = own_desk(lab)
    desk.arrive()
    watch = Watch(desk.page)
    name = new_name(".simlog")
    count = write_hostile(lab.root / name)
    replay = opened(desk, name)
    assert replay.standing == "verified" and replay.events == count
    walk(replay)
    watch.saw_nothing()
    assert all(url.startswith(lab.url) or url.startswith("data:") for url in watch.asked)


def test_nothing_in_a_hostile_log_breaks_out_of_an_exported_page(
    browser: Browser, lab: Lab
) -> None:
    write_hostile(lab.root / "hostile.simlog")
    lab.sim("export", "hostile.simlog", "-o", "hostile.html")
    page = browser.new_context().new_page()
    watch = Watch(page)
    page.goto((lab.root / "hostile.html").as_uri())
    walk(Replay(page))
    watch.saw_nothing()
    assert watch.asked == [page.url]
    page.context.close()


def test_what_no_writer_would_write_is_named_and_the_rest_is_played(desk: Desk) -> None:
    watch = Watch(desk.page)
    name = new_name(".simlog")
    write_refused(desk.lab.root / name)
    replay = opened(desk, name)
    assert replay.standing == "damaged at line 2"
    problems = replay.part("badge").locator("li").all_text_contents()
    assert [problem.split()[1] for problem in problems] == list("23456789")
    assert replay.events == 1 and replay.text == "still here"
    watch.saw_nothing()


class Watch:
    """Sees what a log could do to a page: run, ask, open a dialog, make elements."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.asked: list[str] = []
        self.dialogs: list[str] = []
        page.on("request", lambda request: self.asked.append(request.url))
        page.on("dialog", lambda dialog: (self.dialogs.append(dialog.message), dialog.dismiss()))
        page.add_init_script("window.hurt = () => { window.isHurt = true; }")
        page.evaluate("() => { window.hurt = () => { window.isHurt = true; }; }")

    def saw_nothing(self) -> None:
        assert self.dialogs == []
        assert self.page.evaluate("() => window.isHurt === undefined")
        made = "img, script, iframe, a, link, style, object, form, svg script, svg [href]"
        replays = self.page.locator(".jp-sim-replay")
        assert replays.locator(made).count() == 0
        attributes = "(all) => all.flatMap((dom) => dom.getAttributeNames())"
        names = set(replays.locator("*").evaluate_all(attributes))
        assert not [name for name in names if name.startswith("on")]


def walk(replay: Replay) -> None:
    """Stand at every event, and see that what cannot be seen is shown by name."""
    replay.press(BEGINNING)
    for number in range(1, replay.events, 17):
        replay.settled()
        replay.part("text").hover()
        shown = "".join(replay.walk(number, min(number + 17, replay.events)))
        hidden = {one for one in shown if ord(one) < 32 and one not in "\n\t"}
        assert not hidden | set(shown) & set("\x7f\u202e\u2066\u2069\u200b\ufeff\u2028\U000e0041")
    assert replay.event == replay.events
