/** What a browser keeps of the bodies that are drawn in place. */
import { beforeEach, expect, it } from "vitest";
import { keepUnfolded, readUnfolded, toggled } from "../../../src/graph/view/unfolded";

beforeEach(() => localStorage.clear());

it("is kept for each workflow", () => {
  keepUnfolded("order", new Set(["pack", "pack/label"]));
  expect(readUnfolded("order")).toEqual(new Set(["pack", "pack/label"]));
  expect(readUnfolded("other")).toEqual(new Set());
});

it("leaves nothing behind when all are folded again", () => {
  keepUnfolded("order", new Set(["pack"]));
  keepUnfolded("order", toggled(readUnfolded("order"), "pack"));
  expect(localStorage.length).toBe(0);
});

it("is bounded, and nothing where the storage holds something else", () => {
  keepUnfolded("order", new Set(Array.from({ length: 500 }, (_, place) => `step_${place}`)));
  expect(readUnfolded("order").size).toBe(200);
  for (const text of ["{", "7", '[1, "pack"]']) {
    localStorage.setItem("sagaboard.unfolded.order", text);
    expect(readUnfolded("order").has("1")).toBe(false);
  }
  expect(readUnfolded("order")).toEqual(new Set(["pack"]));
});
