# Makes sure that there is a Chromium for the browser tests; the variable CHROMIUM may name one.
set -eu
for name in "${CHROMIUM:-chromium}" chromium-browser google-chrome google-chrome-stable; do
    if command -v "$name" >/dev/null; then exit 0; fi
done
exec sh "$(dirname "$0")/debian.sh" chromium "The browser tests"
