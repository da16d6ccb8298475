/** The order of a step's edges. */
import { describe, expect, it } from "vitest";
import { movedEdge, siblingsOf } from "../../../src/graph/model/order";

describe("the order of edges", () => {
  const edges = [{ from: "a", to: "b" }, { from: "x", to: "y" }, { from: "a", to: "c" }];
  it("changes among the edges of one step only", () => {
    expect(siblingsOf({ edges }, { from: "a" })).toEqual([0, 2]);
    expect(movedEdge({ edges }, 0, 1)).toEqual({ edges: [edges[2], edges[1], edges[0]], index: 2 });
    expect(movedEdge({ edges }, 0, -1)).toBeNull();
    expect(movedEdge({ edges }, 1, 1)).toBeNull();
    expect(movedEdge({ edges }, 9, 1)).toBeNull();
  });

  it("is one for failures and one for the rest", () => {
    const mixed = [{ from: "a", to: "b" }, { from: "a", to: "b", on: "failed" }, { from: "a", to: "c" }];
    expect(movedEdge({ edges: mixed }, 0, 1)).toEqual({ edges: [mixed[2], mixed[1], mixed[0]], index: 2 });
    expect(movedEdge({ edges: mixed }, 1, 1)).toBeNull();
  });
});
