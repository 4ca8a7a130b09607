import type { AnyModel } from "@anywidget/types";
import { EditorView } from "@codemirror/view";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { FromFront } from "../src/transport";
import widget from "../src/widget";

/** A widget's model, with the kernel's side of its comm played by the test. */
class Model {
  readonly said: FromFront[] = [];
  private readonly handlers = new Map<string, Set<(content: unknown) => void>>();
  private readonly values: Record<string, unknown> = {
    value: "It was a dark and ",
    document: "story",
    n: 2,
    temperature: 1,
    length: "sentence",
  };

  get(key: string) {
    return this.values[key];
  }

  set(key: string, value: unknown) {
    this.values[key] = value;
    this.fire(`change:${key}`, undefined);
  }

  save_changes() {}

  send({ protocol }: { protocol: FromFront }) {
    this.said.push(protocol);
  }

  on(name: string, handler: (content: unknown) => void) {
    this.handlers.set(name, (this.handlers.get(name) ?? new Set()).add(handler));
  }

  off(name: string, handler: (content: unknown) => void) {
    this.handlers.get(name)?.delete(handler);
  }

  fire(name: string, content: unknown) {
    for (const handler of this.handlers.get(name) ?? []) handler(content);
  }

  answer(protocol: unknown) {
    this.fire("msg:custom", { protocol });
  }

  async welcome() {
    await Promise.resolve();
    const engine = { type: "status", state: "ready" };
    this.answer({ type: "welcome", id: this.said[0]?.id, document: "d", engine });
  }
}

function shown() {
  const model = new Model();
  const el = document.createElement("div");
  document.body.append(el);
  const { signal } = new AbortController();
  const props = { model: model as unknown as AnyModel, el, signal };
  const remove = widget.render(props as unknown as Parameters<typeof widget.render>[0]);
  const view = EditorView.findFromDOM(el.querySelector<HTMLElement>(".cm-editor") as HTMLElement);
  const propose = () => el.querySelector<HTMLElement>(".jp-sim-propose")?.click();
  return { model, el, view: view as EditorView, propose, remove };
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe("a widget", () => {
  test("proposes over its comm, in the document that it names", async () => {
    const { model, el, propose } = shown();
    propose();
    await model.welcome();
    expect(model.said.map(({ type }) => type)).toEqual(["hello", "sync", "propose"]);
    expect(model.said[0]).toMatchObject({ kind: "widget", path: "story" });
    expect(model.said[2]).toMatchObject({ cell: "text", at: 18, n: 2 });
    expect(el.querySelectorAll("[role=option]").length).toBe(2);
  });

  test("writes what is typed to its value, and shows what the kernel writes there", () => {
    const { model, view } = shown();
    view.dispatch({ changes: { from: 0, insert: "Well: " } });
    expect(model.get("value")).toBe("Well: It was a dark and ");
    model.set("value", "Another text");
    expect(view.state.doc.toString()).toBe("Another text");
  });

  test("says that the kernel is busy or was restarted when no answer comes", async () => {
    const { model, el, propose } = shown();
    const notice = () => el.querySelector(".jp-sim-notice")?.textContent;
    propose();
    await Promise.resolve();
    expect(notice()).toBe("");
    vi.advanceTimersByTime(1500);
    expect(notice()).toContain("The kernel is busy");
    expect(notice()).toContain("if it was restarted, run the cell again");
    await model.welcome();
    expect(notice()).toBe("");
  });

  test("goes away without a trace", () => {
    const { model, el, remove } = shown();
    remove();
    remove();
    expect(el.childElementCount).toBe(0);
    model.set("value", "Another text");
  });
});
