"""What the rigs need: strace is for Linux alone."""

import sys

collect_ignore = [] if sys.platform == "linux" else ["test_storage.py"]
