/** How far a log can be trusted, in a word, and in sentences when one asks. */

import { drawing, el } from "../editor/dom";
import { warnIcon } from "../editor/icons";
import { acceptedIcon } from "../treeview/drawings";
import { visible } from "../visible";
import type { Words } from "../words";
import type { Reading, Standing } from "./reader";

/** The badge of a log. */
export function badge({ standing, wrong, problems, more }: Reading, words: Words): HTMLElement {
  const icon = drawing("jp-sim-replay-sign", standing === "verified" ? acceptedIcon : warnIcon);
  if (standing === "unchecked") icon.hidden = true;
  const name = el("summary", "", {}, icon, nameOf(standing, wrong ?? 0, words));
  const said = el("div", "jp-sim-replay-said", {}, el("p", "", {}, sentence(standing, words)));
  const list = el("ul", "", {}, ...problems.map((one) => el("li", "", {}, visible(one))));
  if (more > 0) list.append(el("li", "", {}, words._n("and %1 more", "and %1 more", more)));
  if (problems.length > 0) said.append(list);
  return el("details", "jp-sim-replay-badge", { "data-standing": standing }, name, said);
}

function nameOf(standing: Standing, line: number, words: Words): string {
  switch (standing) {
    case "verified":
      return words.__("verified");
    case "modified":
      return words.__("modified at line %1", line);
    case "damaged":
      return words.__("damaged at line %1", line);
    case "unchecked":
      return words.__("not checked");
    default:
      return standing satisfies never;
  }
}

function sentence(standing: Standing, words: Words): string {
  switch (standing) {
    case "verified":
      return words.__(
        "Each line proves the one before it, and all fit: nothing was changed since the log was written. This is evidence of changes, not of who wrote it; `jupyter sim history verify` checks the file without this page.",
      );
    case "modified":
      return words.__("The log was changed after it was written, or lines of it are missing.");
    case "damaged":
      return words.__("A part of the log cannot be read; the replay shows what can.");
    case "unchecked":
      return words.__(
        "This page came over plain HTTP, where browsers cannot check digests; `jupyter sim history verify` can.",
      );
    default:
      return standing satisfies never;
  }
}
