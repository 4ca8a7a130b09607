"""Plots of curation as one SVG: bits over time, authors' shares, and which candidate was chosen.

Written by hand, without a plotting library: a few bars and a line. It stands on light and on dark
ground alike (mid-grey ink, no background), holds no script and reads nothing from elsewhere, and
every mark has its figure as a title.
"""

from collections.abc import Iterator, Sequence
from html import escape

from ..choices import Choice
from ..curation import Curation

_WIDTH, _HEIGHT = 640, 200
_LEFT, _BOTTOM = 56, 28
_PLOT = _WIDTH - _LEFT - 16
_RISE = _HEIGHT - _BOTTOM - 40
_COLOURS = {"human": "#c77d2e", "model": "#3f86c7", "found": "#8c8c8c"}
_INK = "#808080"
_MANY = 200


def svg(curation: Curation) -> str:
    """All plots, one below the other."""
    plots = (_bits, _authors, _chosen)
    inner = "".join(
        f'<g transform="translate(0 {_HEIGHT * n})">{"".join(plot(curation))}</g>'
        for n, plot in enumerate(plots)
    )
    height = _HEIGHT * len(plots)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" '
        f'width="{_WIDTH}" height="{height}" font-family="sans-serif" font-size="12" '
        f'fill="{_INK}" role="img"><title>Curation</title>{inner}</svg>\n'
    )


def _bits(curation: Curation) -> Iterator[str]:
    """Selection bits, summed up, over time."""
    yield _heading("Selection bits over time")
    choices = curation.choices
    if not choices:
        yield _nothing("no choice was made")
        return
    first, last = choices[0].time, choices[-1].time
    total = curation.total.selection_bits
    points, sum_ = [(0.0, 0.0)], 0.0
    for choice in choices:
        across = _part(choice.time - first, last - first)
        points.append((across, _part(sum_, total)))
        sum_ += choice.bits
        points.append((across, _part(sum_, total)))
    line = " ".join(f"{_x(x):.1f},{_y(y):.1f}" for x, y in points)
    yield _axes(f"{total:.1f}", "0", _span(last - first))
    yield f'<polyline points="{line}" fill="none" stroke="{_COLOURS["human"]}" stroke-width="2">'
    yield f"<title>{total:.2f} bits in {len(choices)} choices</title></polyline>"


def _authors(curation: Curation) -> Iterator[str]:
    """The final text by author, as one bar."""
    yield _heading("Share of the text by author")
    total = curation.total
    lengths = {"human": total.human or 0, "model": total.model or 0, "found": total.found or 0}
    if not total.text:
        yield _nothing("there is no text")
        return
    x = float(_LEFT)
    for number, (author, length) in enumerate(lengths.items()):
        share = length / total.text
        yield f'<rect x="{x:.1f}" y="50" width="{share * _PLOT:.1f}" height="40" '
        yield f'fill="{_COLOURS[author]}"><title>{author}: {length:,} characters</title></rect>'
        label = f"{author} {share:.1%}"
        place = _LEFT + number * _PLOT / 3
        yield f'<rect x="{place:.1f}" y="108" width="10" height="10" fill="{_COLOURS[author]}"/>'
        yield _text(place + 16, 118, label)
        x += share * _PLOT


def _chosen(curation: Curation) -> Iterator[str]:
    """For each choice, how many were seen, and the likelihood rank of what was chosen."""
    yield _heading("Each choice: seen (bar), and the rank by likelihood of the chosen one (dot)")
    choices = curation.choices[-_MANY:]
    if not choices:
        yield _nothing("no choice was made")
        return
    most = max(choice.n for choice in choices)
    said = "the choices in order" if len(choices) < _MANY else f"the latest {_MANY} choices"
    yield _axes(str(most), "0", said)
    step = _PLOT / len(choices)
    for number, choice in enumerate(choices):
        yield _choice(choice, _LEFT + number * step, step, most)


def _choice(choice: Choice, x: float, step: float, most: int) -> str:
    top, dot = _y(choice.n / most), _y(choice.rank / most)
    title = escape(f"{choice.m} of {choice.n}, rank {choice.rank}: {choice.bits:.2f} bits")
    return (
        f'<g><title>{title}</title><rect x="{x + step * 0.1:.2f}" y="{top:.1f}" '
        f'width="{step * 0.8:.2f}" height="{_y(0) - top:.1f}" fill="{_COLOURS["model"]}" '
        f'opacity="0.45"/><circle cx="{x + step / 2:.2f}" cy="{dot:.1f}" '
        f'r="{min(4.0, 1 + step * 0.2):.1f}" fill="{_COLOURS["human"]}"/></g>'
    )


def _axes(top: str, bottom: str, across: str) -> str:
    path = f"M{_LEFT} {_y(1):.1f}V{_y(0):.1f}H{_LEFT + _PLOT}"
    return (
        f'<path d="{path}" fill="none" stroke="{_INK}"/>'
        + _text(_LEFT - 6, _y(1) + 4, top, "end")
        + _text(_LEFT - 6, _y(0) + 4, bottom, "end")
        + _text(_LEFT + _PLOT, _y(0) + 16, across, "end")
    )


def _heading(text: str) -> str:
    return f'<text x="{_LEFT}" y="22" font-weight="bold">{escape(text)}</text>'


def _nothing(text: str) -> str:
    return _text(_LEFT, 60, f"({text})")


def _text(x: float, y: float, text: str, anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'


def _x(share: float) -> float:
    return _LEFT + share * _PLOT


def _y(share: float) -> float:
    return 40 + (1 - share) * _RISE


def _part(part: float, whole: float) -> float:
    return min(1.0, max(0.0, part / whole)) if whole > 0 else 0.0


def _span(seconds: float) -> str:
    """A stretch of time in the unit that suits it."""
    units: Sequence[tuple[float, str]] = ((86400, "days"), (3600, "hours"), (60, "minutes"))
    for size, name in units:
        if seconds >= 2 * size:
            return f"{seconds / size:,.1f} {name}"
    return f"{seconds:.0f} seconds"
