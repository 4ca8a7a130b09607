/**
 * Text from a log or a model, made readable: what one cannot see, or what turns the order of what one
 * sees, is shown by name, as `jupyter_sim/formats/plain.py` does. Pure.
 */

const hidden = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;
const plain = /^[\x20-\x7e]*$/;
const kept = new Set(["\n", "\t", "\u200c", "\u200d"]);

/** The text with control, bidirectional and invisible characters shown; line ends and tabs stay. */
export function visible(text: string): string {
  return plain.test(text) ? text : text.replace(hidden, shown);
}

/** The text on one line, in quotation marks, its middle left out where it is too long. */
export function quoted(text: string, width = 60): string {
  return `“${shortened(text, width)}”`;
}

/** The text on one line, its middle left out where it is too long. */
export function shortened(text: string, width: number): string {
  const points = text.length > width ? [...text] : [];
  const half = width / 2;
  const cut = `${points.slice(0, half).join("")} … ${points.slice(-half).join("")}`;
  return oneLine(points.length > width ? cut : text);
}

/** The text on one line. */
export function oneLine(text: string): string {
  return visible(text.replace(/\n/g, "⏎").replace(/\t/g, "⇥"));
}

function shown(character: string): string {
  if (kept.has(character)) return character;
  const code = character.codePointAt(0) ?? 0;
  if (code < 32) return String.fromCodePoint(0x2400 + code);
  return `<U+${code.toString(16).toUpperCase().padStart(4, "0")}>`;
}
