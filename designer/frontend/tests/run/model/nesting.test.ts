/** The graph of a run before steps were added. */
import { expect, it } from "vitest";
import { without } from "../../../src/run/model/nesting";
import type { Document } from "../../../src/graph/model/document";

const chain = (...names: string[]): Document => ({
  steps: names.map((name) => ({ name })), edges: names.slice(1).map((to, place) => ({ from: names[place]!, to })),
});

it("goes back to the graph before steps were added", () => {
  expect(without(chain("router", "x", "y", "end"), new Set(["x", "y"]))).toEqual(chain("router", "end"));
});
