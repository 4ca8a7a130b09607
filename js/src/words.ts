/** The visible strings, and who looks them up. */

/** Looks visible strings up; JupyterLab's TranslationBundle is one. */
export interface Words {
  __(text: string, ...values: unknown[]): string;
  _n(one: string, many: string, n: number, ...values: unknown[]): string;
}

/** The strings as they stand in the source. */
export const english: Words = {
  __: (text, ...values) => text.replace(/%(\d)/g, (_, i) => String(values[i - 1])),
  _n: (one, many, n, ...values) => english.__(n === 1 ? one : many, n, ...values),
};
