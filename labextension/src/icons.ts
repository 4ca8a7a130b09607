/** The program's drawings as JupyterLab icons. */

import { contextIcon, drawings, fanIcon as fan } from "@jupyter-sim/core";
import { collapseAllIcon, expandAllIcon, LabIcon } from "@jupyterlab/ui-components";

/** Several continuations from one place. */
export const fanIcon = new LabIcon({ name: "jupyter-sim:fan", svgstr: fan });

const icon = (name: string, svgstr: string) => new LabIcon({ name: `jupyter-sim:${name}`, svgstr });

/** The icons of the branches panel. */
export const icons = {
  tree: icon("tree", drawings.treeIcon),
  graph: icon("graph", drawings.graphIcon),
  search: icon("search", drawings.searchIcon),
  whole: icon("whole", drawings.wholeIcon),
  authors: icon("authors", drawings.authorsIcon),
  collapse: collapseAllIcon,
  expand: expandAllIcon,
  context: icon("context", contextIcon),
};
