import { expect, test } from "vitest";
import { firstSentence, firstWord, points, runUp, settled, sharedWords } from "../src/text";

test("code points are counted, not UTF-16 units", () => {
  expect(points("a👩🏽‍🚀é")).toBe(6);
  expect(points("")).toBe(0);
});

test("a word brings the space before it and the marks that lead into it", () => {
  const word = (text: string) => text.slice(0, firstWord(text));
  expect(word(" held it")).toBe(" held");
  expect(word("ld it")).toBe("ld");
  expect(word(', "and')).toBe(",");
  expect(word('"And so')).toBe('"And');
  expect(word("\n\nShe ran")).toBe("\n\nShe");
  expect(word(" don't go")).toBe(" don't");
  expect(word("   ")).toBe("   ");
  expect(word("")).toBe("");
});

test("a sentence leaves the space after it", () => {
  const sentence = (text: string) => text.slice(0, firstSentence(text));
  expect(sentence(" ran. She fell.")).toBe(" ran.");
  expect(sentence("\n\nShe ran! No.")).toBe("\n\nShe ran!");
  expect(sentence(" no end")).toBe(" no end");
});

test("text that ends inside a grapheme is cut before it", () => {
  expect(settled("a 👩\u200d")).toBe("a ");
  expect(settled("a 👩")).toBe("a 👩");
  expect(settled("a \ud83d")).toBe("a ");
});

test("shared beginnings are counted in whole words", () => {
  expect(sharedWords("held the envelope", ["held the seal"])).toBe(9);
  expect(sharedWords("heaven", ["held"])).toBe(0);
  expect(sharedWords("held", ["held"])).toBe(4);
});

test("a run-up begins with a whole word", () => {
  const text = "once upon a time there was";
  expect(text.slice(runUp(text, 22, 8), 22)).toBe("there");
  expect(runUp(text, 5, 8)).toBe(0);
});
