"""Every error that jupyter-sim raises on purpose.

    SimError                  one sentence: what came, what was expected, what to do
    ├── BadInput              an argument, message or file cannot be used as given
    │   └── BadLog            a history segment or session log cannot be read
    ├── ModelError            a model file is missing, is no GGUF, is cut short or does not load
    ├── EngineError           a rollout cannot go on
    │   ├── ContextFull       the prompt does not fit the model's context
    │   └── WorkerDied        the worker process ended before its rollouts did
    └── HistoryError          a history file cannot be written

Each class has a `code`: the word by which a front end, a script or a test tells them apart.
"""


class SimError(Exception):
    """The root of the tree. Its text is a sentence for the person in front of the screen."""

    code = "error"


class BadInput(SimError):
    """An argument, message or file cannot be used as given."""

    code = "bad_input"


class BadLog(BadInput):
    """A history segment or session log is cut, damaged, foreign, or of a newer version. Where it is
    known, `line` is the number of the first bad line.
    """

    code = "bad_log"

    def __init__(self, sentence: str, line: int = 0) -> None:
        super().__init__(sentence)
        self.line = line


class ModelError(SimError):
    """The model cannot be loaded; the text names the file and what to do."""

    code = "model"


class EngineError(SimError):
    """A rollout cannot go on."""

    code = "engine"


class ContextFull(EngineError):
    """The prompt and the tokens asked for are more than the model's context holds."""

    code = "context_full"


class WorkerDied(EngineError):
    """The worker process ended before its rollouts did."""

    code = "worker_died"


class HistoryError(SimError):
    """A history file cannot be written, so nothing was acknowledged."""

    code = "history"
