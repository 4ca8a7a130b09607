import { describe, expect, test } from "vitest";
import { parseMark, verdictOf, writeMark } from "../src/treeview/facts";
import { boxAt, boxesOf, toward } from "../src/treeview/multiverse";
import { above, type Outlook, rowOf, rowsOf } from "../src/treeview/rows";
import { found } from "../src/treeview/search";
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

  test("marks as rejected what was refused, and not the part of it that stands in the text", () => {
    const s = new Story("It was").offer("a", [" dark and late", " cold"]).accept("a.0", 0, 5);
    s.judge("rejected", "a.0").judge("rejected", "a.1").offer("b", ["."]).accept("b.0");
    const verdicts = () =>
      rowsOf(segmentsOf(s.tree), plain).map(({ segment }) => [
        textOf(segment),
        verdictOf(s.tree, segment),
      ]);
    expect(verdicts()).toEqual([
      ["It was", ""],
      [" cold", "rejected"],
      [" dark", ""],
      [" and late", "rejected"],
      [".", "accepted"],
    ]);
    s.move("e1.0");
    expect(verdicts().filter(([, verdict]) => verdict === "rejected")).toEqual([
      [" cold", "rejected"],
      [" dark", "rejected"],
    ]);
  });

  test("has a row for each of 10,000 nodes", () => {
    const s = new Story("It was");
    const texts = Array.from({ length: 10 }, (_, i) => ` dark ${i}`);
    for (let i = 0; i < 1000; i++) s.offer(`d${i}`, texts).accept(`d${i}.0`);
    expect(rowsOf(segmentsOf(s.tree), plain).length).toBe(10_001);
  });
});

describe("the graph of a tree", () => {
  test("gives each segment its length, and a share of the height by its probability", () => {
    const s = new Story("It was").offer("a", [" dark", " late", " late"]).accept("a.0");
    const boxes = boxesOf(segmentsOf(s.tree));
    const [root, dark, late] = ["e1.0+0", "a.0+0", "a.1+0"].map((id) => boxes.get(id));
    expect([root?.left, root?.right, root?.top, root?.bottom]).toEqual([0, 6, 0, 1]);
    expect([dark?.left, dark?.right]).toEqual([6, 11]);
    expect(dark?.bottom).toBeCloseTo(1 / 3);
    expect([late?.top, late?.bottom]).toEqual([dark?.bottom, 1]);
    expect(boxAt(boxes.values(), 8, 0.9)).toBe(late);
    expect(boxAt(boxes.values(), 40, 0.9)).toBe(null);
  });

  test("is travelled by the arrows", () => {
    const s = new Story("It was").offer("a", [" dark", " late"]).accept("a.0");
    const segments = segmentsOf(s.tree);
    const [root, dark] = [segments.get("e1.0+0"), segments.get("a.0+0")];
    if (!root || !dark) throw new Error("The segments are not there.");
    expect(toward(segments, dark, "left")).toBe(root);
    expect(toward(segments, root, "right")).toBe(dark);
    expect(toward(segments, dark, "down")?.id).toBe("a.1+0");
    expect(toward(segments, dark, "up")).toBe(null);
  });
});

describe("a search", () => {
  test("finds words across the border of two segments, and along one branch only", () => {
    const s = new Story("It was").offer("a", [" dark", " late"]).accept("a.0");
    const segments = segmentsOf(s.tree);
    const ids = (query: string, scope: "tree" | "branch" = "tree") =>
      found(segments, query, scope, segments.head).map(({ id }) => id);
    expect(ids("was d")).toEqual(["a.0+0"]);
    expect(ids("WAS")).toEqual(["e1.0+0"]);
    expect(ids("a")).toEqual(["e1.0+0", "a.0+0", "a.1+0"]);
    expect(ids("a", "branch")).toEqual(["e1.0+0", "a.0+0"]);
    expect(ids("")).toEqual([]);
  });
});

describe("a note", () => {
  test("is written with its tags, and read again", () => {
    const mark = parseMark("#calm think  again #end", true);
    expect(mark).toEqual({ pinned: true, tags: ["calm", "end"], note: "think again" });
    expect(parseMark(writeMark(mark), true)).toEqual(mark);
    expect(writeMark(null)).toBe("");
  });
});
