/** Makes elements in one expression. */

/** An element with a class, attributes and children. */
export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className: string,
  attributes: Readonly<Record<string, string>> = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const dom = document.createElement(tag);
  dom.className = className;
  for (const [name, value] of Object.entries(attributes)) dom.setAttribute(name, value);
  dom.append(...children);
  return dom;
}

/** An element with a drawing of this program in it. */
export function drawing(className: string, svg: string): HTMLElement {
  const dom = el("span", className);
  dom.innerHTML = svg;
  return dom;
}

/** A button that leaves the focus where it is. */
export function button(className: string, press: () => void, ...children: (Node | string)[]) {
  const dom = el("button", className, { type: "button", tabindex: "-1" }, ...children);
  dom.addEventListener("mousedown", (event) => event.preventDefault());
  dom.addEventListener("click", press);
  return dom;
}

/** Set an element's text, if it is another. */
export function setText(dom: Node, text: string): void {
  if (dom.textContent !== text) dom.textContent = text;
}

/** Set or remove an attribute. */
export function setAttribute(dom: Element, name: string, value: string | null): void {
  if (value === null) dom.removeAttribute(name);
  else if (dom.getAttribute(name) !== value) dom.setAttribute(name, value);
}
