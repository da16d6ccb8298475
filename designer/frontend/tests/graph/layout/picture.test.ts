/** The picture of a workflow: well-formed, complete, and no way in for markup. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { catalogOf } from "../../../src/graph/model/catalog";
import { stepsOf, type Document } from "../../../src/graph/model/document";
import { pictureOf, SMALL } from "../../../src/graph/layout/picture";
import { placed } from "./canvases";

const CATALOG = catalogOf([]);
const parsed = (text: string): XMLDocument => new DOMParser().parseFromString(text, "image/svg+xml");
const documents = (JSON.parse(readFileSync(join(import.meta.dirname, "../../../../../tests/contract/valid.json"), "utf8")) as { cases: { document: Document }[] }).cases.map((one) => one.document);

it.each([undefined, SMALL])("draws every step of every valid document once (size %#)", async (size) => {
  for (const document of documents) {
    const picture = parsed(pictureOf(document, CATALOG, await placed(document, "right"), size));
    expect(picture.querySelector("parsererror")).toBeNull();
    expect(picture.querySelectorAll(".box")).toHaveLength(stepsOf(document).length);
  }
});

it("draws the undo slot and the condition of an edge", async () => {
  const document: Document = {
    schema: 1, name: "x", steps: [{ name: "a", compensation: { worker: "undo_a" } }, { name: "b", compensation: "irreversible" }],
    edges: [{ from: "a", to: "b", when: "context.x > 1" }],
  };
  const words = parsed(pictureOf(document, CATALOG, await placed(document, "right"))).documentElement.textContent;
  for (const word of ["undo_a", "irreversible", "context.x > 1"]) expect(words).toContain(word);
});

it("shows markup, control characters and halves of signs as nothing but text", () => {
  const title = '<script>alert("1")</script>\u0000\uD800&';
  const picture = pictureOf({ schema: 1, name: "x", title, steps: [{ name: "a", title }] }, CATALOG, new Map([["a", [0, 0]]]));
  expect(picture).not.toMatch(/<script|\u0000|\uD800/);
  expect(parsed(picture).querySelector("title")!.textContent).toBe('<script>alert("1")</script>&');
});

it("of nothing is an empty picture", () => expect(parsed(pictureOf({}, CATALOG, new Map())).querySelectorAll(".box")).toHaveLength(0));
