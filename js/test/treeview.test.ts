import { describe, expect, test } from "vitest";
import { above, type Outlook, rowOf, rowsOf } from "../src/treeview/rows";
import { endOf, segmentsOf, textOf } from "../src/treeview/segments";
import { Story } from "./story";

const plain: Outlook = { opened: new Map(), hoisted: null };

/** The rows as one sees them: the current branch with a star, how many are folded, what is closed. */
function listed({ tree }: Story, outlook = plain): string[] {
  return rowsOf(segmentsOf(tree), outlook).map((row) => {
    const indent = "  ".repeat(row.level);
    if (row.earlier.length > 0) return `${indent}(${row.earlier.length} earlier)`;
    const { segment } = row;
    const star = segment.onBranch ? "*" : "";
    const count = segment.folded.length > 0 ? ` x${segment.folded.length + 1}` : "";
    return `${indent}${star}${textOf(segment)}${count}${row.open === false ? " …" : ""}`;
  });
}

describe("the list of a tree", () => {
  test("has the text in one column, and what could stand in its place further in", () => {
    const s = new Story("It was").offer("a", [" dark", " late", " cold"]).accept("a.1");
    s.offer("b", [" and", "."]).accept("b.0").type(" she ran");
    expect(listed(s)).toEqual([
      "*It was",
      "   dark",
      "   cold",
      "* late",
      "  .",
      "* and",
      "* she ran",
    ]);
  });

  test("shows a partly accepted candidate as that part, and the rest as a branch", () => {
    const s = new Story("It was").offer("a", [" dark and late", " cold"]).accept("a.0", 0, 5);
    expect(listed(s)).toEqual(["*It was", "   cold", "* dark", "   and late"]);
    s.type(" indeed");
    expect(listed(s)).toEqual(["*It was", "   cold", "* dark", "   and late", "* indeed"]);
    s.move("e1.0");
    expect(listed(s)).toEqual(["*It was", "   cold", " dark", "   and late", " indeed"]);
  });

  test("is one row for what one hand wrote without a fork", () => {
    const s = new Story("").type("One").type(" two").type(" three");
    expect(listed(s)).toEqual(["*", "*One two three"]);
    s.offer("a", ["!", "?"]);
    s.move("e3.0").offer("b", [" or"]);
    expect(listed(s)).toEqual(["*", "*One two", "   or", " three", "  !", "  ?"]);
  });

  test("folds siblings that say the same, and counts them", () => {
    const s = new Story("It was").offer("a", [" dark", " dark", " late", " dark"]);
    expect(listed(s)).toEqual(["*It was", "   dark x3", "   late"]);
    s.accept("a.3").offer("b", ["."]);
    expect(listed(s)).toEqual(["*It was", "   late", "* dark x3", "  ."]);
    const segments = segmentsOf(s.tree);
    const folded = segments.at({ node: "a.0", offset: 5 });
    const rows = rowsOf(segments, plain);
    expect(rows[rowOf(rows, folded)]?.segment.candidate).toBe("a.3");
  });

  test("keeps what was edited away behind one row", () => {
    const s = new Story("It was dark.").type("very ", 7);
    expect(listed(s)).toEqual(["*It was ", "  (1 earlier)", "*very dark."]);
    const segments = segmentsOf(s.tree);
    const opened = new Map(rowsOf(segments, plain).map(({ key }) => [key, true]));
    expect(listed(s, { opened, hoisted: null })).toEqual([
      "*It was ",
      "  (1 earlier)",
      "    dark.",
      "*very dark.",
    ]);
  });

  test("does not hide what was offered, what one went back from, or what is marked", () => {
    const s = new Story("It was").offer("a", [" dark", " late"]).accept("a.0").move("e1.0");
    s.accept("a.1");
    expect(listed(s)).toEqual(["*It was", "   dark", "* late"]);
    const t = new Story("One two").type(" and three", 3, 4);
    expect(listed(t)).toEqual(["*One", "  (1 earlier)", "* and three"]);
    t.mark("e1.0", "keep");
    expect(listed(t)).toEqual(["*One", "   two", "* and three"]);
  });

  test("closes and opens rows, and begins where one hoists it", () => {
    const s = new Story("It was").offer("a", [" dark", " late"]).accept("a.0");
    s.offer("b", [" and", "."]);
    const closed = { opened: new Map([["e1.0+0", false]]), hoisted: null };
    expect(listed(s, closed)).toEqual(["*It was …", "* dark", "   and", "  ."]);
    expect(listed(s, { ...plain, hoisted: "a.0+0" })).toEqual(["* dark", "   and", "  ."]);
    const segments = segmentsOf(s.tree);
    const late = segments.at({ node: "a.1", offset: 2 });
    expect(late && above(late)).toEqual(["e1.0+0"]);
  });

  test("numbers its rows within their own, for those who hear them", () => {
    const s = new Story("It was").offer("a", [" dark", " late"]).accept("a.0");
    const rows = rowsOf(segmentsOf(s.tree), plain);
    expect(rows.map(({ level, position, count }) => [level, position, count])).toEqual([
      [0, 1, 2],
      [1, 1, 1],
      [0, 2, 2],
    ]);
  });

  test("covers every place of the tree once, whatever happened", () => {
    const s = new Story("It was 𝒜").offer("a", [" dark", ""]).accept("a.0", 0, 3).type("x", 4);
    s.offer("b", ["one", "two"], { node: "a.1", offset: 0 }).type("", 2, 3).move("b.0");
    const segments = segmentsOf(s.tree);
    for (const node of s.tree.nodes.values()) {
      for (let offset = 0; offset <= node.length; offset++) {
        const segment = segments.at({ node: node.id, offset });
        const end = segment && s.tree.branch(endOf(segment));
        const here = s.tree.branch({ node: node.id, offset });
        expect(end?.startsWith(here) ?? here === "").toBe(true);
      }
    }
  });

  test("has a row for each of 10,000 nodes", () => {
    const s = new Story("It was");
    const texts = Array.from({ length: 10 }, (_, i) => ` dark ${i}`);
    for (let i = 0; i < 1000; i++) s.offer(`d${i}`, texts).accept(`d${i}.0`);
    expect(rowsOf(segmentsOf(s.tree), plain).length).toBe(10_001);
  });
});
