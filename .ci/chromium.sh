# Makes sure that there is a Chromium for the browser tests; the variable CHROMIUM may name one.
set -eu
for name in "${CHROMIUM:-chromium}" chromium-browser google-chrome google-chrome-stable; do
    if command -v "$name" >/dev/null; then exit 0; fi
done
if ! command -v apt-get >/dev/null; then
    echo "The browser tests need Chromium: install it, or set CHROMIUM to its path." >&2
    exit 1
fi
as_root=""
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
        echo "The browser tests need Chromium: run 'apt-get install chromium' as root." >&2
        exit 1
    fi
    as_root="sudo"
fi
echo "Installing Chromium for the browser tests"
$as_root apt-get update -qq
DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends chromium >/dev/null
