/** Differences between two documents. */
import { describe, expect, it } from "vitest";
import { compare } from "../../../src/editor/model/compare";
import { edgesOf, stepsOf, type Document } from "../../../src/graph/model/document";
import { ORDER } from "../../documents";

describe("comparing", () => {
  it("names steps and fields, not lines; places do not count", () => {
    const after: Document = {
      ...ORDER, title: "Orders", layout: { reserve: [9, 9] },
      steps: [stepsOf(ORDER)[0]!, { ...stepsOf(ORDER)[1], timeout: 60, retry: { max_attempts: 6 } }, { name: "pack" }],
      edges: [edgesOf(ORDER)[0]!],
    };
    expect(compare(ORDER, after)).toEqual([
      { what: "changed", subject: "step charge", fields: [{ field: "retry.max_attempts", before: 5, after: 6 }, { field: "timeout", before: 30, after: 60 }] },
      { what: "added", subject: "step pack", fields: [] },
      { what: "removed", subject: "step ship", fields: [] },
      { what: "removed", subject: "edge charge → ship", fields: [] },
      { what: "changed", subject: "the workflow", fields: [{ field: "title", before: undefined, after: "Orders" }] },
    ]);
  });

  it("tells an edge for failures from one beside it", () => {
    const plain = { from: "charge", to: "ship", when: "context.paid" };
    const after: Document = { ...ORDER, edges: [...edgesOf(ORDER), { from: "charge", to: "ship", on: "failed", errors: ["timeout"] }] };
    expect(compare(ORDER, after)).toEqual([{ what: "added", subject: "edge charge → ship on failure", fields: [] }]);
    expect(compare(after, { ...after, edges: [{ from: "reserve", to: "charge" }, plain, { from: "charge", to: "ship", on: "failed" }] })).toMatchObject([
      { what: "changed", subject: "edge charge → ship on failure", fields: [{ field: "errors" }] },
    ]);
  });

  it("looks inside steps", () => {
    const of = (timeout: number): Document => ({ steps: [{ name: "lines", kind: "group", body: { steps: [{ name: "charge", timeout }], layout: { charge: [timeout, 0] } } }] });
    expect(compare(of(1), of(2))).toEqual([{ what: "changed", subject: "lines › step charge", fields: [{ field: "timeout", before: 1, after: 2 }] }]);
    expect(compare(of(1), { steps: [{ name: "lines", kind: "group" }] })).toMatchObject([{ subject: "step lines", fields: [{ field: "body" }] }]);
  });

  it("does not mind the order of keys", () => {
    expect(compare({ ...ORDER, defaults: { a: 1, b: 2 } }, { ...ORDER, defaults: { b: 2, a: 1 } })).toEqual([]);
  });
});
