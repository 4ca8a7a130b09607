"""Build llama-cpp-python for this Python's environment, with flags that are safe on this processor.

The package's own default is `-march=native`, and GCC 12 miscompiles that on processors with AMX:
the first decode of a quantised model crashes. So each instruction set is named, those that this
processor has and never AMX. OpenMP stays out, because its threads spin when anything else wants a
core. On a Mac llama.cpp turns Metal on by itself. pip's cache is not asked, for it may hold a wheel
of another build. On x86 the source is changed a little before, see `kernels`. A stamp in the
environment keeps version, flags and change, so an unchanged build costs nothing.

CMAKE_ARGS come after the flags chosen here and so win: `CMAKE_ARGS="-DGGML_CUDA=on" make install`
builds for CUDA.
"""

import os
import platform
import shutil
import subprocess
import sys
import tempfile
from importlib import metadata
from pathlib import Path

import kernels

VERSION = "0.3.36"
STAMP = Path(sys.prefix, "llama-cpp-build.txt")

X86 = platform.machine().lower() in {"x86_64", "amd64"} and sys.platform in {"linux", "darwin"}

ALWAYS = ["-DGGML_OPENMP=OFF", "-DLLAVA_BUILD=OFF"]

# CMake option -> the names that Linux and macOS give to what it needs.
X86_SETS = {
    "GGML_SSE42": {"sse4_2"},
    "GGML_AVX": {"avx"},
    "GGML_AVX2": {"avx2"},
    "GGML_BMI2": {"bmi2"},
    "GGML_FMA": {"fma"},
    "GGML_F16C": {"f16c"},
}
# Without byte products the wider registers gain little, and some processors become slower for them.
AVX512 = {"avx512f", "avx512cd", "avx512vl", "avx512bw", "avx512dq", "avx512_vnni"}
X86_SETS |= {
    "GGML_AVX512": AVX512,
    "GGML_AVX512_VBMI": {*AVX512, "avx512vbmi"},
    "GGML_AVX512_VNNI": AVX512,
    "GGML_AVX512_BF16": {*AVX512, "avx512_bf16"},  # as Linux spells it
}


def processor_features() -> set[str]:
    """Return this x86 processor's feature names, as Linux spells them."""
    if sys.platform == "darwin":
        keys = ["machdep.cpu.features", "machdep.cpu.leaf7_features"]
        found = subprocess.run(["sysctl", "-n", *keys], capture_output=True, text=True).stdout
        return {name.replace("avx1.0", "avx").replace(".", "_") for name in found.lower().split()}
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("flags"):
            return set(line.partition(":")[2].split())
    return set()


def instruction_flags(features: set[str]) -> list[str]:
    """Return the CMake flags that turn on what an x86 processor has, and nothing else."""
    chosen = {option: needs <= features for option, needs in X86_SETS.items()}
    return [
        "-DGGML_NATIVE=OFF",
        *(f"-D{name}={'ON' if on else 'OFF'}" for name, on in chosen.items()),
    ]


def cmake_args() -> str:
    """Return all flags of this build, the caller's own CMAKE_ARGS last."""
    flags = instruction_flags(processor_features()) if X86 else []
    return " ".join([*ALWAYS, *flags, os.environ.get("CMAKE_ARGS", "")]).strip()


def installed_version() -> str | None:
    """Return the version of llama-cpp-python in this environment, if there is one."""
    try:
        return metadata.version("llama-cpp-python")
    except metadata.PackageNotFoundError:
        return None


def pip(verb: str, *options: str, **environment: str) -> int:
    """Run pip without its cache; its exit status."""
    command = [sys.executable, "-m", "pip", verb, "--quiet", "--no-cache-dir", *options]
    return subprocess.run(command, env={**os.environ, **environment}).returncode


def unpacked(folder: Path) -> Path:
    """Return where the source of llama-cpp-python lies, which is fetched into `folder`."""
    options = ["--no-deps", "--no-binary", "llama-cpp-python", "--dest", str(folder)]
    if pip("download", *options, f"llama-cpp-python=={VERSION}") != 0:
        sys.exit(f"The source of llama-cpp-python {VERSION} could not be had. Is PyPI in reach?")
    (archive,) = folder.glob("*.tar.gz")
    shutil.unpack_archive(archive, folder)
    return folder / archive.name.removesuffix(".tar.gz")


def built_and_installed(source: Path, wheels: Path, args: str) -> bool:
    """Whether a source was built and installed: by its name, for what is installed by its path
    remembers that for good.
    """
    if pip("wheel", "--wheel-dir", str(wheels), str(source), CMAKE_ARGS=args) != 0:
        return False
    options = ["--force-reinstall", "--no-index", "--find-links", str(wheels)]
    return pip("install", *options, f"llama-cpp-python=={VERSION}") == 0


def main() -> None:
    """Build, unless the same version with the same flags is already installed."""
    args = cmake_args()
    wanted = f"{VERSION}\n{args}\n{kernels.version() if X86 else ''}\n"
    if installed_version() == VERSION and STAMP.exists() and STAMP.read_text() == wanted:
        return
    print(f"Building llama-cpp-python {VERSION}, some minutes, with {args}", flush=True)
    STAMP.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        source = unpacked(Path(folder))
        if X86:
            try:
                kernels.change(source)
            except ValueError as error:
                sys.exit(str(error))
        built = built_and_installed(source, Path(folder, "wheels"), args)
    if not built:
        sys.exit("llama.cpp did not build. Is there a C++ compiler (Debian: apt-get install g++)?")
    STAMP.write_text(wanted)


if __name__ == "__main__":
    main()
