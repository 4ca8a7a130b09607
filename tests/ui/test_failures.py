"""What is told when something fails: one sentence in the fan's place, and nothing is lost."""

from importlib.resources import files
from pathlib import Path

from .desk import Desk
from .fan import ACCEPT, BRANCH, DISMISS, Fan
from .lab import running

OPENING = "It was a dark and "
STARTER = files("jupyter_sim") / "data" / "starter.gguf"


def is_sentence(text: str) -> bool:
    return len(text) > 20 and text.endswith(".") and "Traceback" not in text


def test_a_killed_worker_is_told_and_the_next_proposal_works(desk: Desk, fan: Fan) -> None:
    name = desk.notebook(OPENING)
    fan.propose()
    desk.press(DISMISS)
    worker = desk.lab.worker()
    with fan.streaming(n=8):
        worker.kill()
    assert is_sentence(fan.sentence())
    fan.button("Retry").click()
    desk.until("() => fan.look().rows.some((row) => row.text && !row.running)")
    desk.press(DISMISS)
    fan.open()
    desk.until("() => fan.settled()")
    desk.press(ACCEPT)
    desk.save()
    desk.recorded()
    assert desk.lab.replay(name) == {"cell-0": desk.saved(name)}
    assert desk.lab.worker().pid != worker.pid


def test_a_worker_killed_before_the_first_word_is_told(desk: Desk, fan: Fan) -> None:
    desk.notebook(OPENING)
    fan.propose()
    desk.press(DISMISS)
    worker = desk.lab.worker()
    worker.suspend()
    fan.open()
    worker.kill()
    assert is_sentence(fan.sentence())
    assert desk.text() == OPENING


def test_a_killed_server_loses_no_acknowledged_verdict(own_desk, tmp_path: Path) -> None:
    with running(tmp_path) as lab:
        desk = own_desk(lab)
        fan = Fan(desk)
        desk.arrive()
        name = desk.notebook(OPENING)
        fan.propose()
        desk.press(BRANCH)
        desk.recorded()
        before = lab.events(name)
        desk.lose_server()
        assert lab.events(name) == before
        assert before[-1]["type"] == "branched"
        desk.press(DISMISS)
        fan.open()
        assert is_sentence(fan.sentence())


def test_verdicts_given_while_the_server_is_away_are_kept(own_desk, tmp_path: Path) -> None:
    with running(tmp_path) as lab:
        desk = own_desk(lab)
        fan = Fan(desk)
        desk.arrive()
        name = desk.notebook(OPENING)
        fan.propose()
        desk.recorded()
        desk.lose_server()
        fan.sentence()
        fan.highlight(1)
        ghost = fan.look().ghost
        desk.press(ACCEPT)
        assert desk.text() == OPENING + ghost
        lab.start()
        desk.eventually(lambda: lab.events(name)[-1]["type"] == "accepted")
        assert lab.replay(name) == {"cell-0": OPENING + ghost}
        desk.edit(0)
        fan.propose()


def test_verdicts_that_a_crashed_page_could_not_tell_are_told_by_the_next(
    own_desk, tmp_path: Path
) -> None:
    with running(tmp_path) as lab:
        desk = own_desk(lab)
        fan = Fan(desk)
        desk.arrive()
        name = desk.notebook(OPENING)
        fan.propose()
        desk.recorded()
        desk.save()
        before = lab.events(name)
        desk.lose_server()
        fan.sentence()
        desk.press(BRANCH)
        desk.until("() => desk.shelved('branch')")
        desk.crash()
        lab.start()
        other = own_desk(lab, context=desk.page.context)
        other.arrive()
        other.open(name)
        other.eventually(lambda: lab.events(name)[-1]["type"] == "branched")
        told = lab.events(name)
        assert [event["type"] for event in told].count("branched") == 1
        assert told[: len(before)] == before


def test_a_model_that_cannot_be_used_is_told_until_it_is_mended(own_desk, tmp_path: Path) -> None:
    model = tmp_path / "model.gguf"
    with running(tmp_path, f"--SimApp.model={model}") as lab:
        desk = own_desk(lab)
        fan = Fan(desk)
        desk.arrive()
        desk.notebook(OPENING)
        fan.open()
        told = fan.sentence()
        assert is_sentence(told) and f"{model} does not exist" in told
        model.write_bytes(STARTER.read_bytes()[:5000])
        fan.button("Retry").click()
        fan.part(".jp-sim-failure").get_by_text("cut short").wait_for()
        model.write_bytes(STARTER.read_bytes())
        fan.button("Retry").click()
        fan.settle()
        desk.press(ACCEPT)
        assert desk.text() > OPENING


def test_a_text_longer_than_the_models_window_still_gets_a_fan(desk: Desk, fan: Fan) -> None:
    text = "It was a dark and stormy night, and the rain fell in torrents. " * 400 + OPENING
    desk.notebook(text)
    fan.propose()
    desk.press(ACCEPT)
    assert desk.text().startswith(text)
