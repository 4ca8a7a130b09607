# Makes sure that there is an strace for the rigs of tests/torture, which only Linux has.
set -eu
if [ "$(uname)" != Linux ] || command -v strace >/dev/null; then exit 0; fi
if ! command -v apt-get >/dev/null; then
    echo "The tests that kill a history's writer need strace: install it." >&2
    exit 1
fi
as_root=""
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
        echo "The tests that kill a history's writer need strace: run 'apt-get install strace' as root." >&2
        exit 1
    fi
    as_root="sudo"
fi
echo "Installing strace for the tests that kill a history's writer"
$as_root apt-get update -qq
DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends strace >/dev/null
