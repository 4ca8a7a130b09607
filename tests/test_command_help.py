"""The help: there for every command, and its examples are commands."""

import shlex
import subprocess

import pytest

from jupyter_sim.cli import main, parser

from .command import command


@pytest.mark.parametrize(
    "name",
    [
        "",
        "propose",
        "score",
        "history",
        "history show",
        "history verify",
        "history repair",
        "history gc",
        "export",
        "replay",
    ],
)
def test_help_is_printed_for_every_command(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main([*name.split(), "--help"])
    assert left.value.code == 0
    assert "usage: jupyter sim" in capsys.readouterr().out


def test_the_examples_of_the_help_are_commands_that_exist() -> None:
    pages = subprocess.run(command("--help"), capture_output=True, text=True, check=True).stdout
    pages += subprocess.run(command("propose", "--help"), capture_output=True, text=True).stdout
    pages += subprocess.run(command("replay", "--help"), capture_output=True, text=True).stdout
    examples = [
        line for line in pages.splitlines() if line.startswith("  ") and "jupyter sim " in line
    ]
    assert len(examples) >= 10
    for line in examples:
        words = shlex.split(line.partition("jupyter sim ")[2])
        stop = next((n for n, word in enumerate(words) if word in "|>"), len(words))
        assert parser().parse_args(words[:stop]).run
