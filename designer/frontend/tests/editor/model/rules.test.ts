/** Rules for edges. */
import { describe, expect, it } from "vitest";
import { applyCommand } from "../../../src/editor/model/commands";
import { edgesOf, idsOf, stepsOf } from "../../../src/graph/model/document";
import { followersOf, refusalOf } from "../../../src/editor/model/rules";
import { ORDER, contract } from "../../documents";

describe("rules", () => {
  it.each([["ship", "reserve", "circle"], ["reserve", "charge", "already"], ["ship", "ship", "itself"], ["#3", "ship", "name"]])(
    "refuses %s to %s", (from, to, word) => expect(refusalOf(ORDER, from, to)).toContain(word));
  it("allows a second way", () => expect(refusalOf(ORDER, "reserve", "ship")).toBeNull());
  it("allows a failure to lead where success leads, once", () => {
    expect(refusalOf(ORDER, "reserve", "charge", true)).toBeNull();
    const caught = applyCommand(ORDER, { do: "connect", ends: ["reserve", "charge"], isError: true });
    expect(edgesOf(caught).at(-1)).toEqual({ from: "reserve", to: "charge", on: "failed" });
    expect(refusalOf(caught, "reserve", "charge", true)).toContain("A failure of reserve");
    expect(followersOf(caught, "reserve", true)).toEqual(["ship"]);
  });
  it.each(["valid.json", "graph.json", "shape.json"])("lists in one walk what may follow each step of %s", (file) => {
    for (const document of [ORDER, ...contract(file)]) {
      const ids = idsOf(stepsOf(document));
      for (const from of ids) expect(followersOf(document, from)).toEqual(ids.filter((to) => refusalOf(document, from, to) === null));
    }
  });
});
