/** Places of problems. */
import { expect, it } from "vitest";
import { spotOf } from "../../../src/graph/model/problems";

it("finds the place of a problem", () => {
  expect(spotOf({ path: "steps[2].compensation.worker" })).toEqual({ on: "step", index: 2, field: "compensation.worker" });
  expect(spotOf({ path: "edges[0]" })).toEqual({ on: "edge", index: 0, field: "" });
  expect(spotOf({ path: "input_schema.type" })).toEqual({ on: "workflow", field: "input_schema.type" });
});
