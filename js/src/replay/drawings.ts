/** Drawings of the replay, as SVG source, in the colour of the text. */

import { line, svg } from "../editor/icons";

const solid = (d: string) => `<path d="${d}" fill="currentColor"/>`;

/** A session log: a page with a time line. */
export const logIcon = svg(
  line("M4 1.8h5.4l2.8 2.9v9.5H4zM9.2 2v3h2.9") + line("M6 11.6h4.2M6.8 11.4V9.8M9.2 11.4V8.2"),
);

export const playIcon = svg(solid("M4.5 2.6v10.8L13 8z"));
export const pauseIcon = svg(solid("M4 3h3v10H4zM9 3h3v10H9z"));
export const backIcon = svg(line("M9.8 3.6L5.4 8l4.4 4.4"));
export const onIcon = svg(line("M6.2 3.6L10.6 8l-4.4 4.4"));
export const fanBackIcon = svg(line("M7.6 3.6L3.2 8l4.4 4.4M12.6 3.6L8.2 8l4.4 4.4"));
export const fanOnIcon = svg(line("M8.4 3.6L12.8 8l-4.4 4.4M3.4 3.6L7.8 8l-4.4 4.4"));
export const firstIcon = svg(line("M11.2 3.6L6.8 8l4.4 4.4M4 3.6v8.8"));
export const lastIcon = svg(line("M4.8 3.6L9.2 8l-4.4 4.4M12 3.6v8.8"));
export const copyIcon = svg(line("M5.5 5.5h7.2v8H5.5zM10.3 5.3V2.5H3.2v8h2.1"));
export const reloadIcon = svg(line("M13 8a5 5 0 1 1-1.6-3.7M13.2 2.2v2.9h-2.9"));
export const seenIcon = svg(
  line("M1.8 8s2.4-3.8 6.2-3.8S14.2 8 14.2 8s-2.4 3.8-6.2 3.8S1.8 8 1.8 8z") +
    line("M8 6.9a1.1 1.1 0 1 0 0 2.2 1.1 1.1 0 0 0 0-2.2z"),
);
