/** Tokens of expressions, held to the table that Python's scanner is held to. */
import { expect, it } from "vitest";
import { scan } from "../../../src/editor/expressions/scanner";
import { CASES, REFUSED } from "../../scannerTable";

it.each(CASES)("cuts $source", ({ source, tokens }) => {
  const found = scan(source)!;
  expect(found.filter(({ kind }) => kind !== "space").map(({ kind, text }) => [kind, text])).toEqual(tokens);
  expect(found.map(({ text }) => text).join("")).toBe(source);
});

it.each(REFUSED)("takes no tokens from %j", (source) => expect(scan(source)).toBeNull());
