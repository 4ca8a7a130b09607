"""What a front end tells, as the event that is recorded of it: pure, from the cells as they are.

It checks that a request fits the trees. It knows no history file, no engine and no front end.
"""

from typing import assert_never

from .cells import Cells
from .edits import NAMED, edited, opened
from .errors import BadInput
from .events import (
    Accepted,
    Author,
    Branched,
    Cancelled,
    Dismissed,
    Edited,
    Event,
    Marked,
    Moved,
    Place,
    Placed,
    Proposed,
    Rejected,
    Shown,
    Stamp,
    Withdrawn,
)
from .protocol import (
    Accept,
    Branch,
    Cancel,
    Dismiss,
    Mark,
    Move,
    Put,
    Reject,
    See,
    Sync,
    Withdraw,
)

Told = Sync | Put | Accept | Branch | Reject | Withdraw | Move | Mark | Dismiss | See | Cancel


def fact(cells: Cells, request: Told, stamp: Stamp) -> Event | None:
    """The event, or nothing where nothing is new. Raises BadInput for what fits no tree."""
    match request:
        case Sync():
            return _synced(cells, request, stamp)
        case Put():
            return _put(cells, request, stamp)
        case Accept():
            return _accepted(cells, request, stamp)
        case Branch() | Reject():
            _known(cells, request)
            kind = Branched if isinstance(request, Branch) else Rejected
            return kind(stamp, request.fan, request.candidate, request.seen)
        case Withdraw():
            _known(cells, request)
            return Withdrawn(stamp, request.fan, request.candidate)
        case Move():
            return _moved(cells, request, stamp)
        case Mark():
            return _marked(cells, request, stamp)
        case Dismiss():
            return Dismissed(stamp, request.fan, request.seen)
        case See():
            return Shown(stamp, request.fan, request.seen)
        case Cancel():
            return Cancelled(stamp, request.fan) if _asked(cells, request) else None
        case _:
            assert_never(request)


def _synced(cells: Cells, request: Sync, stamp: Stamp) -> Event | None:
    now = cells.now(request.cell)
    if now is None:
        return opened(stamp, request.text, cells.lost() + cells.others(request.cell))
    if request.text == now.text:
        return None
    back = request.undo or request.found
    earlier = now.tree.earlier(request.text) if back else None
    if earlier:
        return Moved(stamp, earlier)
    author: Author = "found" if request.found else "human"
    lost, others = [now, *cells.lost()], cells.others(request.cell)
    return edited(stamp, now, request.text, author, (lost, others))


def _put(cells: Cells, request: Put, stamp: Stamp) -> Event | None:
    now = cells.now(request.cell)
    grounds = [ground for cell in request.sources for ground in cells.recent(cell)]
    text = request.text
    if text is not None and now is None and grounds:
        first = opened(stamp, text, grounds, min(NAMED, max(1, len(text))))
        return first if first.origins else None
    if text is not None and now is not None and text != now.text:
        return edited(stamp, now, text, "human", (grounds,), NAMED)
    if now is None or request.how == "made":
        return None
    return Placed(stamp, request.how)


def _accepted(cells: Cells, request: Accept, stamp: Stamp) -> Event:
    _known(cells, request)
    tree = cells.tree(request.cell)
    node = tree.nodes.get(request.candidate)
    if node is None:
        raise BadInput(f"Candidate {request.candidate} could not be recorded; propose again.")
    if not request.start <= request.stop <= len(node.text):
        raise BadInput(
            f"Code points {request.start} to {request.stop} of a candidate of "
            f"{len(node.text)} were accepted; they must lie inside it."
        )
    return Accepted(
        stamp,
        request.fan,
        request.candidate,
        request.seen,
        cells.place(request.cell, request.at),
        request.start,
        request.stop,
        tree.tail(request.at),
    )


def _moved(cells: Cells, request: Move, stamp: Stamp) -> Event | None:
    to, tail = cells.place(request.cell, request.to), request.tail
    for span in tail:
        cells.place(request.cell, Place(span.node, span.stop))
    tree = cells.tree(request.cell)
    head = tree.carried(to, tail) if tail else to
    if head == tree.head:
        return None
    return Moved(stamp, head) if head else Edited(stamp, to, 0, tail)


def _marked(cells: Cells, request: Mark, stamp: Stamp) -> Event:
    tree = cells.tree(request.cell)
    if request.node not in tree.nodes and request.node not in tree.offered:
        raise BadInput(f"Cell {request.cell} has no text {request.node} that could be marked.")
    return Marked(stamp, request.node, request.pinned, request.tags, request.note)


def _asked(cells: Cells, request: Cancel) -> bool:
    """Whether anything was proposed in the fan: questions are cancelled too, and not recorded."""
    events = reversed(cells.events(request.cell))
    return any(isinstance(event, Proposed) and event.fan == request.fan for event in events)


def _known(cells: Cells, request: Accept | Branch | Reject | Withdraw) -> None:
    if request.candidate not in cells.tree(request.cell).offered:
        raise BadInput(
            f"Candidate {request.candidate} was never offered in cell {request.cell}; "
            "propose again."
        )
