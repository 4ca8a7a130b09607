/** How a fan looks: JupyterLab's variables where there are any, and two accents of its own, one for
 * what a human wrote and one for what the model wrote. */

import { EditorView } from "@codemirror/view";

const ui = "var(--jp-ui-font-family, system-ui, sans-serif)";
const code = "var(--jp-code-font-family, ui-monospace, Menlo, Consolas, monospace)";
const small = "11px";
const dark = 'body[data-jp-theme-light="false"] &';

const mix = (share: number) =>
  `color-mix(in srgb, var(--jp-sim-ink) ${share}%, var(--jp-layout-color1, var(--jp-sim-paper)))`;

const palette = {
  "--jp-sim-accent": "var(--jp-brand-color1, #1976d2)",
  "--jp-sim-model": "#7a4fbf",
  "--jp-sim-heat": "#7a4fbf",
  "--jp-sim-human": "#b8860b",
  "--jp-sim-kept": "#2e7d32",
  "--jp-sim-wrong": "#b3261e",
  "--jp-sim-ink": "#1d1d1f",
  "--jp-sim-paper": "#fff",
};

const night = {
  "--jp-sim-accent": "var(--jp-brand-color1, #64a8f0)",
  "--jp-sim-model": "#b79aec",
  "--jp-sim-heat": "#6b4fa8",
  "--jp-sim-human": "#e0b64a",
  "--jp-sim-kept": "#7fc784",
  "--jp-sim-wrong": "#ef8a82",
  "--jp-sim-ink": "#e7e8ea",
  "--jp-sim-paper": "#111317",
};

/** The shades of ink on the paper of whatever theme is on. */
const shades = {
  "--jp-sim-fg": mix(96),
  "--jp-sim-fg2": mix(80),
  "--jp-sim-fg3": mix(66),
  "--jp-sim-line": mix(14),
  "--jp-sim-soft": "color-mix(in srgb, var(--jp-sim-accent) 9%, transparent)",
};

const spec: Parameters<typeof EditorView.baseTheme>[0] = {
  "&": { ...palette, ...shades },
  "&dark": night,
  [dark]: night,

  ".jp-sim-ghost": { color: "var(--jp-sim-fg3)", whiteSpace: "inherit" },
  ".jp-sim-beyond": { display: "none" },
  ".jp-sim-ghost.jp-mod-clipped .jp-sim-near::after": { content: '" …"' },

  ".jp-sim-panel": {
    position: "sticky",
    boxSizing: "border-box",
    padding: "4px 4px 0",
    font: `13px/1.5 ${ui}`,
    whiteSpace: "normal",
    cursor: "default",
    userSelect: "none",
    color: "var(--jp-sim-fg2)",
  },
  ".jp-sim-fan": {
    position: "relative",
    containerType: "inline-size",
    borderTop: "1px solid var(--jp-sim-line)",
    padding: "4px 0 2px",
  },
  ".jp-sim-progress": {
    position: "absolute",
    top: "-1px",
    left: "0",
    height: "2px",
    background: "var(--jp-sim-accent)",
    transition: "width .2s",
  },

  ".jp-sim-rows": { maxHeight: "270px", overflowY: "auto", position: "relative" },
  ".jp-sim-row": {
    display: "grid",
    gridTemplateColumns: "18px minmax(0, 1fr) auto",
    columnGap: "8px",
    alignItems: "center",
    height: "27px",
    boxSizing: "border-box",
    padding: "0 8px 0 6px",
    borderRadius: "4px",
    cursor: "pointer",
  },
  ".jp-sim-row:hover": { background: mix(4) },
  ".jp-sim-row.jp-mod-on": {
    background: "var(--jp-sim-soft)",
    boxShadow: "inset 2px 0 0 var(--jp-sim-accent)",
    color: "var(--jp-sim-fg)",
  },
  ".jp-sim-row.jp-mod-copy": { display: "none" },
  ".jp-sim-row.jp-mod-off": { opacity: ".38", cursor: "default", background: "none" },

  ".jp-sim-mark": {
    display: "flex",
    justifyContent: "flex-end",
    fontSize: small,
    fontVariantNumeric: "tabular-nums",
    color: "var(--jp-sim-fg3)",
  },
  ".jp-sim-icon": { display: "none", lineHeight: "0" },
  ".jp-sim-icon svg": { width: "14px", height: "14px" },
  ".jp-mod-branched .jp-sim-icon": { display: "block", color: "var(--jp-sim-kept)" },
  ".jp-mod-branched .jp-sim-number": { display: "none" },

  ".jp-sim-text": {
    font: `var(--jp-code-font-size, 13px)/1.6 ${code}`,
    whiteSpace: "pre",
    overflow: "hidden",
    textOverflow: "ellipsis",
  },
  ".jp-sim-same": { color: "var(--jp-sim-fg3)" },
  ".jp-mod-growing .jp-sim-text::after": {
    content: '""',
    display: "inline-block",
    width: ".5em",
    height: "1.05em",
    marginLeft: "1px",
    verticalAlign: "-.18em",
    background: "var(--jp-sim-model)",
    opacity: ".75",
  },
  ".jp-mod-empty .jp-sim-text::before": {
    content: '""',
    display: "inline-block",
    width: "min(58%, 30em)",
    height: ".62em",
    borderRadius: "4px",
    background: mix(9),
  },
  ".jp-mod-empty:nth-child(2n) .jp-sim-text::before": { width: "min(43%, 22em)" },
  ".jp-mod-empty:nth-child(3n) .jp-sim-text::before": { width: "min(66%, 34em)" },
  ".jp-mod-empty.jp-mod-waiting .jp-sim-text::before": {
    animation: "jp-sim-breathe 1.4s ease-in-out infinite alternate",
  },
  "@keyframes jp-sim-breathe": { from: { opacity: "1" }, to: { opacity: ".35" } },
  ".jp-mod-rejected .jp-sim-text": {
    color: "var(--jp-sim-fg3)",
    textDecoration: "line-through",
  },
  ".jp-mod-rejected .jp-sim-bars": { display: "none" },

  ".jp-sim-meta": {
    display: "flex",
    alignItems: "center",
    gap: "8px",
    font: `${small} ${ui}`,
    color: "var(--jp-sim-fg3)",
    whiteSpace: "nowrap",
  },
  ".jp-sim-voice": {
    padding: "0 6px",
    border: "1px solid var(--jp-sim-line)",
    borderRadius: "8px",
    color: "var(--jp-sim-model)",
    maxWidth: "9em",
    overflow: "hidden",
    textOverflow: "ellipsis",
  },
  ".jp-sim-voice:empty": { display: "none" },
  ".jp-sim-note:empty": { display: "none" },
  ".jp-sim-bars": { display: "inline-flex", alignItems: "flex-end", gap: "1px", height: "11px" },
  ".jp-sim-bars i": {
    width: "2px",
    background: "var(--jp-sim-model)",
    opacity: ".8",
    borderRadius: "1px 1px 0 0",
  },

  ".jp-sim-probe": {
    margin: "3px 0 1px",
    padding: "5px 8px 6px 32px",
    borderTop: "1px dashed var(--jp-sim-line)",
  },
  ".jp-sim-probe[hidden]": { display: "none" },
  ".jp-sim-tokens": {
    font: `var(--jp-code-font-size, 13px)/1.75 ${code}`,
    maxHeight: "5.3em",
    overflowY: "auto",
    color: "var(--jp-sim-fg)",
  },
  ".jp-sim-token": {
    padding: "1px 0",
    marginRight: "1px",
    borderBottom: "2px solid transparent",
    background: "color-mix(in srgb, var(--jp-sim-heat) var(--jp-sim-surprise), transparent)",
    borderRadius: "2px",
    cursor: "pointer",
    overflowWrap: "anywhere",
  },
  ".jp-sim-token.jp-mod-on": { borderBottomColor: "var(--jp-sim-accent)" },
  ".jp-sim-heat": {
    background: "color-mix(in srgb, var(--jp-sim-heat) var(--jp-sim-surprise), transparent)",
    borderRadius: "2px",
  },
  ".cm-tooltip .jp-sim-judgement": { padding: "4px 8px 6px", maxWidth: "36em", cursor: "default" },
  ".jp-sim-others": {
    display: "flex",
    flexWrap: "wrap",
    alignItems: "baseline",
    gap: "3px 6px",
    marginTop: "4px",
    font: `${small}/18px ${ui}`,
    color: "var(--jp-sim-fg3)",
  },
  ".jp-sim-other": {
    display: "inline-flex",
    gap: "6px",
    padding: "0 6px",
    border: "1px solid var(--jp-sim-line)",
    borderRadius: "3px",
    cursor: "pointer",
  },
  ".jp-sim-other:hover": { background: mix(4) },
  ".jp-sim-other.jp-mod-on": {
    background: "var(--jp-sim-soft)",
    borderColor: "var(--jp-sim-accent)",
    color: "var(--jp-sim-fg)",
  },
  ".jp-sim-other.jp-mod-taken .jp-sim-otherText": { textDecoration: "underline dotted" },
  ".jp-sim-otherText": { fontFamily: code, color: "var(--jp-sim-fg)" },
  ".jp-sim-chance": { fontVariantNumeric: "tabular-nums" },

  ".jp-sim-trouble": {
    display: "none",
    alignItems: "center",
    gap: "8px",
    padding: "5px 8px",
    color: "var(--jp-sim-fg)",
  },
  ".jp-mod-failed .jp-sim-trouble": { display: "flex" },
  ".jp-mod-bare .jp-sim-rows": { display: "none" },
  ".jp-sim-trouble .jp-sim-icon": { display: "block", color: "var(--jp-sim-wrong)" },
  ".jp-sim-trouble .jp-sim-icon svg": { width: "16px", height: "16px" },
  ".jp-sim-failure": { flex: "1", minWidth: "0" },

  ".jp-sim-panel button": {
    font: "inherit",
    color: "inherit",
    background: "none",
    border: "none",
    margin: "0",
    padding: "0",
    cursor: "pointer",
  },
  ".jp-sim-panel .jp-sim-button": {
    border: "1px solid var(--jp-sim-line)",
    borderRadius: "3px",
    padding: "1px 10px",
    color: "var(--jp-sim-fg)",
  },
  ".jp-sim-panel .jp-sim-button:hover": { background: mix(6) },

  ".jp-sim-foot": {
    display: "flex",
    flexWrap: "wrap",
    alignItems: "center",
    gap: "3px 14px",
    font: `${small}/18px ${ui}`,
    color: "var(--jp-sim-fg3)",
    padding: "5px 6px 1px",
    marginTop: "4px",
    borderTop: "1px dashed var(--jp-sim-line)",
  },
  ".jp-sim-hints": { display: "flex", flexWrap: "wrap", gap: "3px 12px" },
  ".jp-sim-hints.jp-mod-probe, &.jp-sim-probing .jp-sim-foot > .jp-sim-hints": { display: "none" },
  "&.jp-sim-probing .jp-sim-foot > .jp-sim-hints.jp-mod-probe": { display: "flex" },
  ".jp-sim-panel .jp-sim-hint": {
    display: "inline-flex",
    alignItems: "center",
    gap: "4px",
    borderRadius: "3px",
  },
  ".jp-sim-panel .jp-sim-hint:hover": { color: "var(--jp-sim-fg)" },
  ".jp-sim-panel kbd": {
    font: `10px/13px ${code}`,
    border: "1px solid var(--jp-sim-line)",
    borderBottomWidth: "2px",
    borderRadius: "3px",
    padding: "0 4px",
    color: "var(--jp-sim-fg2)",
    background: mix(3),
    boxShadow: "none",
  },
  ".jp-sim-settings": {
    display: "inline-flex",
    alignItems: "center",
    gap: "10px",
    marginLeft: "auto",
  },
  ".jp-sim-stepper": { display: "inline-flex", alignItems: "center" },
  ".jp-sim-value": {
    fontVariantNumeric: "tabular-nums",
    padding: "0 3px",
    color: "var(--jp-sim-fg2)",
  },
  ".jp-sim-panel .jp-sim-step": { width: "16px", borderRadius: "3px" },
  ".jp-sim-panel .jp-sim-step:hover, .jp-sim-opener:hover, .jp-sim-order:hover, .jp-sim-more:hover":
    {
      color: "var(--jp-sim-fg)",
      background: mix(6),
    },
  ".jp-sim-panel .jp-sim-opener, .jp-sim-panel .jp-sim-order": {
    color: "var(--jp-sim-fg2)",
    padding: "0 4px",
    borderRadius: "3px",
  },
  ".jp-sim-opener::after": {
    content: '""',
    display: "inline-block",
    marginLeft: "5px",
    verticalAlign: "2px",
    border: "3px solid transparent",
    borderTopColor: "currentColor",
    borderBottom: "none",
  },
  ".jp-sim-menu": { display: "none", flexWrap: "wrap", gap: "3px 4px" },
  ".jp-sim-menu.jp-mod-open": { display: "flex" },
  ".jp-mod-choosing > .jp-sim-hints": { display: "none" },
  ".jp-sim-drawer": {
    display: "none",
    flex: "1 0 100%",
    flexWrap: "wrap",
    alignItems: "center",
    gap: "3px 14px",
    minHeight: "20px",
  },
  ".jp-mod-open > .jp-sim-drawer": { display: "flex" },
  ".jp-sim-panel .jp-sim-more": {
    padding: "0 6px 2px",
    borderRadius: "3px",
    lineHeight: "14px",
    fontWeight: "600",
    letterSpacing: "1px",
  },
  '.jp-sim-panel .jp-sim-more[aria-expanded="true"]': { background: mix(7) },
  ".jp-sim-panel [hidden]": { display: "none" },
  ".jp-sim-panel .jp-sim-item": {
    textAlign: "left",
    padding: "2px 8px",
    borderRadius: "3px",
    color: "var(--jp-sim-fg)",
  },
  ".jp-sim-panel .jp-sim-item:hover": { background: mix(6) },
  '.jp-sim-panel .jp-sim-item[aria-checked="true"]': {
    background: "var(--jp-sim-soft)",
    boxShadow: "inset 2px 0 0 var(--jp-sim-accent)",
  },
  ".jp-sim-stat": { fontVariantNumeric: "tabular-nums" },

  ".jp-sim-live": {
    position: "absolute",
    width: "1px",
    height: "1px",
    overflow: "hidden",
    clipPath: "inset(50%)",
  },

  "@container (max-width: 660px)": {
    ".jp-sim-drawer kbd": { display: "none" },
    ".jp-sim-hints": { display: "contents" },
  },
  // Where the reader's own colours are forced on all, backgrounds and shadows are gone.
  "@media (forced-colors: active)": {
    ".jp-sim-row.jp-mod-on": { outline: "2px solid Highlight", outlineOffset: "-2px" },
    '.jp-sim-panel .jp-sim-item[aria-checked="true"]': { outline: "2px solid Highlight" },
    ".jp-sim-ghost": { color: "GrayText" },
    ".jp-sim-progress, .jp-sim-bars": { forcedColorAdjust: "none" },
    ".jp-mod-growing .jp-sim-text::after": { background: "Highlight", opacity: "1" },
    ".jp-mod-empty .jp-sim-text::before": { background: "GrayText" },
    ".jp-sim-opener::after": { forcedColorAdjust: "none", borderTopColor: "ButtonText" },
  },
  "@media (prefers-reduced-motion: reduce)": {
    ".jp-sim-progress": { transition: "none" },
    ".jp-mod-empty .jp-sim-text::before": { animation: "none" },
  },
};

/** The look of the ghost and of the list. */
export const theme = EditorView.baseTheme(spec);
