# Makes sure that there is an strace for the rigs of tests/torture, which only Linux has.
set -eu
if [ "$(uname)" != Linux ] || command -v strace >/dev/null; then exit 0; fi
exec sh "$(dirname "$0")/debian.sh" strace "The tests that kill a history's writer"
