"""What axe-core finds wrong with a part of a page."""

from pathlib import Path

from .desk import Desk

SCRIPT = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
GRAVE = ["serious", "critical"]


def findings(desk: Desk, *selectors: str) -> list[str]:
    """The serious and the critical findings in what the selectors name, all of which must be there.

    JupyterLab's body has no height and hides what overflows, so that axe would take all text for
    clipped and look at no contrast; hence the height.
    """
    if not desk.ask("() => 'axe' in window"):
        desk.ask(f"() => {{ {SCRIPT.read_text()} }}")
    for selector in selectors:
        assert desk.page.locator(selector).first.is_visible(), f"{selector} is not on the page"
    return desk.ask(
        """async ([include, grave]) => {
          document.body.style.height = "100vh";
          const { violations } = await axe.run({ include }, { resultTypes: ["violations"] });
          const grievous = violations.filter(({ impact }) => grave.includes(impact));
          return grievous.flatMap(({ id, nodes }) => nodes.map(({ html, any, failureSummary }) =>
            [id, html, any[0]?.message ?? failureSummary].join(": ")));
        }""",
        [list(selectors), GRAVE],
    )
