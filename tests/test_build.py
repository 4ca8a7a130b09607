"""llama.cpp is changed while it is built, and only where its source is what the change knows."""

import re
import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / ".ci"))
import build_llama
from kernels import CHANGES, change

PROJECT = f"""\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
[project]
name = "llama-cpp-python"
version = "{build_llama.VERSION}"
[tool.hatch.build.targets.wheel]
only-include = ["llama_cpp.py"]
"""


KNOWN = {place: "before\n" + "between\n".join(each) + "after\n" for place, each in CHANGES.items()}
PIECES = [(place, old) for place, each in CHANGES.items() for old in each]


Build = Callable[[Mapping[Path, str]], Path]


def unpack(folder: Path, texts: Mapping[Path, str]) -> None:
    for place, text in texts.items():
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        (folder / place).write_text(text)


def test_what_is_known_is_changed_once_and_all_else_stays(tmp_path: Path) -> None:
    unpack(tmp_path, KNOWN)
    change(tmp_path)
    for place, each in CHANGES.items():
        new = "before\n" + "between\n".join(each.values()) + "after\n"
        assert (tmp_path / place).read_text() == new


@pytest.mark.parametrize(("place", "missing"), PIECES)
def test_an_unknown_source_is_refused_and_left_alone(
    tmp_path: Path, place: Path, missing: str
) -> None:
    texts = KNOWN | {place: KNOWN[place].replace(missing, "")}
    unpack(tmp_path, texts)
    with pytest.raises(ValueError, match="does not know"):
        change(tmp_path)
    assert {place: (tmp_path / place).read_text() for place in CHANGES} == texts


def test_every_header_that_the_changes_include_lies_beside_what_includes_it(
    tmp_path: Path,
) -> None:
    unpack(tmp_path, KNOWN)
    change(tmp_path)
    beside = []
    for place in CHANGES:
        included = re.findall(r'#include "((?!sgemm)\w+\.h)"', (tmp_path / place).read_text())
        assert included and all((tmp_path / place.parent / name).exists() for name in included)
        beside += included
    assert sorted(beside) == sorted(
        path.name for path in Path(build_llama.__file__).parent.glob("*.h")
    )


@pytest.fixture
def build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Build:
    """Run the build over a small package with such sources; the folder that it installs into."""
    for option, value in {
        "TARGET": tmp_path / "installed",
        "FIND_LINKS": tmp_path / "index",
        "NO_INDEX": 1,
        "NO_BUILD_ISOLATION": 0,
    }.items():
        monkeypatch.setenv(f"PIP_{option}", str(value))
    monkeypatch.setattr(build_llama, "STAMP", tmp_path / "stamp")
    monkeypatch.setattr(build_llama, "X86", True)

    def run(texts: Mapping[Path, str]) -> Path:
        source = tmp_path / f"llama_cpp_python-{build_llama.VERSION}"
        unpack(source, texts)
        (source / "pyproject.toml").write_text(PROJECT)
        (source / "llama_cpp.py").touch()
        (tmp_path / "index").mkdir()
        archive = shutil.make_archive(source.name, "gztar", tmp_path, source.name)
        shutil.move(archive, tmp_path / "index")
        build_llama.main()
        return tmp_path / "installed"

    monkeypatch.chdir(tmp_path)
    return run


def test_an_unknown_source_ends_the_build_in_one_sentence(build: Build, tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as ended:
        build(dict.fromkeys(CHANGES, "something else"))
    said = str(ended.value)
    assert said.count("\n") == 0
    assert f"llama_cpp_python-{build_llama.VERSION} came" in said
    assert repr(PIECES[0][1].strip()) in said
    assert "VERSION in .ci/build_llama.py" in said
    assert not (tmp_path / "stamp").exists()


def test_what_is_installed_does_not_name_the_folder_that_it_was_built_in(
    build: Build, tmp_path: Path
) -> None:
    installed = build(KNOWN)
    (about,) = installed.glob("llama_cpp_python-*.dist-info")
    assert (installed / "llama_cpp.py").exists()
    assert not (about / "direct_url.json").exists()
    assert (tmp_path / "stamp").read_text().startswith(build_llama.VERSION)


def test_instruction_sets_of_a_processor_are_named_and_wide_ones_need_byte_products() -> None:
    wide = {"avx512f", "avx512cd", "avx512vl", "avx512bw", "avx512dq"}
    expected = {
        frozenset(wide): set(),
        frozenset({*wide, "avx512_vnni"}): {"GGML_AVX512", "GGML_AVX512_VNNI"},
        frozenset({*wide, "avx512_vnni", "avx512_bf16", "amx_tile", "avx2"}): {
            *("GGML_AVX2", "GGML_AVX512", "GGML_AVX512_VNNI", "GGML_AVX512_BF16")
        },
    }
    for features, options in expected.items():
        flags = build_llama.instruction_flags(set(features))
        assert {flag[2:-3] for flag in flags if flag.endswith("=ON")} == options
        assert "-DGGML_NATIVE=OFF" in flags
