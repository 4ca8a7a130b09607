import { expect, test } from "vitest";
import { documentId, newId } from "../src/ids";

test("a document's id is taken only as the server would", () => {
  for (const id of [newId(), "b0a2f4de-1111-4222-8333-944455556666", "abcd-123"])
    expect(documentId(id)).toBe(id);
  for (const odd of [
    "",
    "short",
    "../../etc/x",
    "x".repeat(65),
    "eight or more",
    5,
    null,
    undefined,
  ])
    expect(documentId(odd)).toBe(null);
  expect(documentId("abcd-123\n")).toBe(null);
});
