/** The order of a step's edges. */
import { describe, expect, it } from "vitest";
import { edgesFrom, movedEdge } from "../../../src/graph/model/order";

describe("the order of edges", () => {
  const edges = [{ from: "a", to: "b" }, { from: "x", to: "y" }, { from: "a", to: "c" }];
  it("changes among the edges of one step only", () => {
    expect(edgesFrom({ edges }, "a")).toEqual([0, 2]);
    expect(movedEdge({ edges }, 0, 1)).toEqual({ edges: [edges[2], edges[1], edges[0]], index: 2 });
    expect(movedEdge({ edges }, 0, -1)).toBeNull();
    expect(movedEdge({ edges }, 1, 1)).toBeNull();
    expect(movedEdge({ edges }, 9, 1)).toBeNull();
  });
});
