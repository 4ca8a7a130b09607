# Installs a Debian package for tests that need it: sh .ci/debian.sh PACKAGE WHO-NEEDS-IT
set -eu
if ! command -v apt-get >/dev/null; then
    echo "$2 need $1: install it." >&2
    exit 1
fi
as_root=""
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
        echo "$2 need $1: run 'apt-get install $1' as root." >&2
        exit 1
    fi
    as_root="sudo"
fi
echo "Installing $1: $2 need it"
$as_root apt-get update -qq
DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends "$1" >/dev/null
