/** Drawings, as SVG source: hosts make their own icons of them. They take the colour of the text. */

/** A drawing of some shapes. */
export const svg = (shapes: string) =>
  `<svg xmlns="http://www.w3.org/2000/svg" width="16" height="16" viewBox="0 0 16 16" aria-hidden="true">${shapes}</svg>`;

/** A stroke. */
export const line = (d: string) =>
  `<path d="${d}" fill="none" stroke="currentColor" stroke-width="1.5" stroke-linecap="round" stroke-linejoin="round"/>`;

const dot = (x: number, y: number) =>
  `<circle cx="${x}" cy="${y}" r="1.75" fill="none" stroke="currentColor" stroke-width="1.5"/>`;

/** Several continuations from one place. */
export const fanIcon = svg(line("M2 8h3.5M5.5 8l7-5M5.5 8h8M5.5 8l7 5"));

/** A text in a frame. */
export const contextIcon = svg(
  line("M2.5 5V2.5H5M11 2.5h2.5V5M13.5 11v2.5H11M5 13.5H2.5V11M5.5 6h5M5.5 8.5h5M5.5 11h3"),
);

/** Something kept alive. */
export const branchIcon = svg(
  dot(4, 3.25) + dot(4, 12.75) + dot(12, 5.25) + line("M4 5v6M12 7c0 2.5-4 2-6.5 4"),
);

/** Something that went wrong. */
export const warnIcon = svg(line("M8 2.2 14.4 13.4H1.6zM8 6.3v3.4M8 11.6v.1"));
