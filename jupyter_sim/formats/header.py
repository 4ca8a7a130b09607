r"""The history on disk, and the format of its files, version 1.

What follows is `docs/format.md` too: with it, and nothing of this program, a reader can be written.

## Files

Each document (a notebook or a text file) has a folder `<Jupyter data folder>/jupyter_sim/history/
<document>/` (mode 0700), and each process that opens the document for writing makes a *segment*
there, `<writer>.jsonl` (mode 0600). Document ids are 1 to 64 ASCII letters, digits and dashes.
Where that folder cannot be written, segments go to `~/.jupyter_sim/history/<document>/`, or else to
`jupyter_sim-<user number>/history/<document>/` in the folder for temporary files; a reader looks
into all three. Files of other names are copies that were set aside, and are no part of the history.

Nobody writes to another's segment, so no lock is needed, and network homes are safe. From 16 MiB on
a segment is sealed, and its writer goes on in `<writer>-2.jsonl`, `<writer>-3.jsonl` and so on; so
it does where a write or a sync failed, where another program moved or changed the segment, and
where the document got another path.

## Lines

A segment is ASCII, one JSON object a line, each line ended by a newline (and no other line end), at
most 33,554,432 bytes long. No object has two members of one name; numbers are finite. A character
beyond ASCII is written as `\uXXXX`, two of them for one beyond U+FFFF; a lone surrogate can stand
in a text, since editors can hold one. The first line is the header:

    {"format":"jupyter-sim history","version":1,"document":…,"writer":…,"path":…,"kind":…,"prev":…}

`path` is that of the notebook or file when the segment was begun, `kind` is `notebook`, `file` or
`widget`. Each further line is

    {"prev":"<SHA-256 in hex of the bytes of the line before, less its newline>","event":{…}}

where `event` is one of those below, with its type in `type`. A header's `prev` is the digest of the
last line that its writer had acknowledged in the segment before it, and empty in the first. So each
line proves all lines before it, and only the last line of a writer is proved by none. This is
evidence of damage, not authentication.

Members that have a default may be missing. A header's `mends` (empty by default) names the damaged
segment that this one stands for, the file that came in with it, or the document that this one was
copied from: its events are by the writer that their stamps name.

The copy of a notebook is a document of its own. It begins with all that the other one recorded
before the file was copied, with the same ids and another `document` in the stamps.

## Order

A document's history is the union of its segments: the events in the order of (`seq`, `writer`) of
their stamps, and of several events with one id only the first. `seq` is a Lamport counter: one
above the largest that the writer had read. Clocks play no part in the order.

## Writing

Events that wait together are written with one write and one fdatasync; only then are they
acknowledged. The folder, and those above it that are ours, are synced before a segment's first
event is acknowledged. Where any of that fails, nothing of it is acknowledged, the segment is cut
back to its last acknowledged line and never written or synced again; the next events go to a new
one.

## Reading

Reading changes no segment. What a writer that died left of a last line (the *torn tail*, without a
newline) was never acknowledged; it is copied to `<segment>.torn-<offset>` when the document is
opened, and stays. A line that cannot be read is left out and reported. Where a line's `prev` does
not fit, the line before was changed, or a line is missing, or `prev` itself was changed: all that
can be read is kept, and the doubt is reported. Where a header's `prev` is in no line of the segment
before, that one lost its end. A repair writes what can be read to a new segment (see `mends`), and
gives the damaged one the name `<segment>.damaged-<any>`. Nothing is ever deleted.

## Versions

What a reader of one version would not take raises the version: a new type, a new member, another
meaning. New members have a default, so that a program reads all versions up to its own. It refuses
a file of a newer version, so that no history is shown or continued without it. Within a version
that it knows, a line with an unknown member or type is damage.

## The session log

`NAME.simlog` is a history merged into one portable file of such lines:

    {"format":"simlog","version":1,"document":…,"path":…,"kind":…,"exported":<time>,"prev":""}
    {"prev":"<SHA-256 of the line before>","event":{…}}        one for each event, in their order
    {"prev":"<SHA-256 of the line before>","end":<number of events>}

Nothing follows the end. A reader refuses the whole file where a digest, the order, the number or
the end is not as told.

## The text of a cell

Events with one `stamp.cell` make a tree of that cell. A *node* has an id, a text that never
changes, and a place where it hangs; the first hangs nowhere. A *place* is a node and an offset into
its text; offsets count Unicode code points. The *branch* to a place is the branch to where its node
hangs, and then the node's text up to the offset. The *head* is a place; the cell's text is the
branch to it. The node that an event makes has the id `<stamp.id>.0`.

- `opened` makes a node of `text` that hangs nowhere; the head goes to its end.
- `edited` makes a node at `at` of the texts of its `spans`, and the head goes to its end; without
  any spans the head goes to `at`. The text of a span is its `text`, or what it takes: the code
  points `start` to `stop` of the node `node`.
- `moved` sets the head to `to`.
- `proposed` tells for each of its `candidates` that it will hang at `at`.
- `generated` makes the node of its `candidate` there, of `text`. Its id is the candidate's.
- `accepted`: where `at` is the place (`candidate`, `start`), or `start` is 0 and `at` is where the
  candidate hangs, the head goes to the place (`candidate`, `stop`); if there is a `tail`, a node of
  the tail's texts hangs there, and the head goes to its end. Anywhere else a node of the code
  points `start` to `stop` of the candidate and of the tail hangs at `at`, and the head goes to its
  end.

Other events leave the text as it is. An event that names a node or a place that is not there, or
would make a node a second time, is left out.
"""

from typing import Literal

from ..events import Value

FORMAT: Literal["jupyter-sim history"] = "jupyter-sim history"
VERSION: Literal[1] = 1


class Header(Value, frozen=True, kw_only=True):
    """The first line of a segment. `prev` proves the last line of the writer's segment before this
    one. `mends` is the name of the damaged segment whose events these are.
    """

    format: Literal["jupyter-sim history"] = FORMAT
    version: Literal[1] = VERSION
    document: str
    writer: str
    path: str
    kind: str
    prev: str = ""
    mends: str = ""
