import { afterEach, describe, expect, test } from "vitest";
import type { Segment, Segments } from "../src/treeview/segments";
import { TreeView } from "../src/treeview/view";
import { english } from "../src/words";
import { Story } from "./story";

/** A tree in a page, with a reader at it. */
class Reader {
  readonly view = new TreeView(english, null);
  private segments: Segments | null = null;

  constructor(readonly story: Story) {
    document.body.append(this.view.dom);
    this.view.onSelect = (segments) => {
      this.segments = segments;
    };
    this.view.show(story.tree, true);
  }

  /** Go to the row of a node with the focus in the list. */
  at(node: string): this {
    this.view.list.go(this.segments?.get(`${node}+0`) as Segment);
    this.view.focus();
    return this;
  }

  /** The tree is told once more, as it is now or as another tells it. */
  hear(tree = this.story.tree): this {
    this.view.show(tree);
    return this;
  }

  press(key: string): this {
    const event = new KeyboardEvent("keydown", { key, bubbles: true });
    document.activeElement?.dispatchEvent(event);
    return this;
  }

  get selected(): string | undefined {
    return this.view.list.selected?.segment.id;
  }
}

const night = () => new Story("It was").offer("a", [" dark", " late", " cold"]).accept("a.0");

afterEach(() => document.body.replaceChildren());

describe("what a reader of the tree is at", () => {
  test("is the text's end until the reader comes", () => {
    const reader = new Reader(night());
    reader.story.move("a.2");
    expect(reader.hear().selected).toBe("a.2+0");
  });

  test("stays where it is while the text goes elsewhere, in the list and in the graph", () => {
    const reader = new Reader(night()).at("a.1");
    reader.story.move("a.2");
    expect(reader.hear().selected).toBe("a.1+0");
    reader.press("g");
    reader.story.move("a.0");
    expect(reader.hear().selected).toBe("a.1+0");
    reader.press("g");
    expect(reader.view.list.tree).toBe(document.activeElement);
  });

  test("stays where it is while one searches", () => {
    const reader = new Reader(night()).at("a.0").press("/");
    const field = document.activeElement as HTMLInputElement;
    field.value = "cold";
    field.dispatchEvent(new Event("input", { bubbles: true }));
    expect(reader.selected).toBe("a.2+0");
    reader.story.move("a.1");
    expect(reader.hear().selected).toBe("a.2+0");
  });

  test("comes back with its row, where the tree is told anew from its first event on", () => {
    const reader = new Reader(night()).at("a.1");
    const anew = new Story("It was");
    reader.hear(anew.tree);
    expect(reader.selected).toBe("e1.0+0");
    anew.offer("a", [" dark", " late", " cold"]);
    expect(reader.hear(anew.tree).selected).toBe("a.1+0");
    anew.accept("a.0");
    expect(reader.hear(anew.tree).selected).toBe("a.1+0");
  });

  test("does not come back once the reader went on", () => {
    const reader = new Reader(night()).at("a.1");
    const anew = new Story("It was");
    reader.hear(anew.tree).press("ArrowUp");
    anew.offer("a", [" dark", " late", " cold"]);
    expect(reader.hear(anew.tree).selected).toBe("e1.0+0");
  });

  test("keeps the focus while there is no tree, and is the text's end of the next", () => {
    const reader = new Reader(night()).at("a.1");
    reader.view.say("Loading…");
    expect(reader.view.dom).toBe(document.activeElement);
    reader.view.show(new Story("Another.").tree, true);
    expect(reader.view.list.tree).toBe(document.activeElement);
    expect(reader.selected).toBe("e1.0+0");
  });
});
