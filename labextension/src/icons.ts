/** The program's drawings as JupyterLab icons. */

import { fanIcon as fan } from "@jupyter-sim/core";
import { LabIcon } from "@jupyterlab/ui-components";

/** Several continuations from one place. */
export const fanIcon = new LabIcon({ name: "jupyter-sim:fan", svgstr: fan });
