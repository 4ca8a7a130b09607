/** Drawings of the tree, as SVG source, in the colour of the text. */

import { line, svg } from "../editor/icons";

/** A candidate that was accepted. */
export const acceptedIcon = svg(line("M3 8.5l3.2 3.2L13 4.8"));

/** A candidate that is not wanted. */
export const rejectedIcon = svg(line("M4.5 4.5l7 7M11.5 4.5l-7 7"));

/** A pin. */
export const pinIcon = svg(line("M6 2.5h4M6.7 2.5v4L4.8 9h6.4L9.3 6.5v-4M8 9v4.5"));

/** A tree that hangs from a line. */
export const treeIcon = svg(line("M3.5 2.5v11M3.5 5.5h4M3.5 10.5h4M9.5 5.5h4M9.5 10.5h4"));

/** The same tree as a graph. */
export const graphIcon = svg(line("M2 8h2.5c3 0 3-4.5 6-4.5H14M4.5 8H14M4.5 8c3 0 3 4.5 6 4.5H14"));

/** A looking glass. */
export const searchIcon = svg(
  line("M10.4 10.4L14 14M6.8 2.5a4.3 4.3 0 1 0 0 8.6 4.3 4.3 0 0 0 0-8.6z"),
);

/** Text with a line under a part of it. */
export const authorsIcon = svg(
  line("M2.5 4h11M2.5 8h11M2.5 12.5h5.5") + line("M10 12.5h.1M12 12.5h.1M13.9 12.5h.1"),
);

/** Back to the whole. */
export const wholeIcon = svg(line("M8 13V3.5M4 7.5l4-4 4 4"));
