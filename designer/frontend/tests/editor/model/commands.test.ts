/** Commands: each edit gives the next document. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { applyCommand, duplicateOf, freeName } from "../../../src/editor/model/commands";
import { edgesOf, idsOf, layoutOf, stepsOf, type Document } from "../../../src/graph/model/document";
import { readJson, writeJson } from "../../../src/shared/json";
import { ORDER } from "../../documents";
import { objectText } from "../../jsonTexts";

describe("commands", () => {
  it("insert on an edge puts the step between its ends, the condition before it", () => {
    const next = applyCommand(ORDER, { do: "insert", step: { name: "pack" }, edge: 1, layout: new Map([["pack", [10, 20]]]) });
    expect(edgesOf(next).slice(1)).toEqual([{ from: "charge", to: "pack", when: "context.paid" }, { from: "pack", to: "ship" }]);
    expect(layoutOf(next).get("pack")).toEqual([10, 20]);
  });

  it("put a step that is there between the ends of an edge, once", () => {
    const alone: Document = { ...ORDER, steps: [...stepsOf(ORDER), { name: "pack" }] };
    const next = applyCommand(alone, { do: "putBetween", step: "pack", edge: 1, layout: new Map([["pack", [10, 20]]]) });
    expect(edgesOf(next).slice(1)).toEqual([{ from: "charge", to: "pack", when: "context.paid" }, { from: "pack", to: "ship" }]);
    expect(idsOf(stepsOf(next))).toEqual(idsOf(stepsOf(alone)));
    expect(applyCommand(alone, { do: "putBetween", step: "pack", edge: 9, layout: new Map() })).toBe(alone);
  });

  it("removing a step removes its edges and its place", () => {
    const next = applyCommand(ORDER, { do: "remove", steps: ["reserve"], edges: [] });
    expect(next).toEqual({ schema: 1, name: "order", steps: stepsOf(ORDER).slice(1), edges: [edgesOf(ORDER)[1]] });
  });

  it("a renamed step keeps its edges and its place", () => {
    const next = applyCommand(ORDER, { do: "putStep", index: 0, step: { ...stepsOf(ORDER)[0], name: "hold" } });
    expect(edgesOf(next)[0]).toEqual({ from: "hold", to: "charge" });
    expect(next.layout).toEqual({ hold: [0, 0] });
  });

  it("duplicates steps with the edges between them under free names", () => {
    const next = applyCommand(ORDER, duplicateOf(ORDER, ["charge", "ship"], new Map([["charge", [0, 0]], ["ship", [300, 0]]])));
    expect(idsOf(stepsOf(next)).slice(3)).toEqual(["charge_2", "ship_2"]);
    expect(edgesOf(next).at(-1)).toEqual({ from: "charge_2", to: "ship_2", when: "context.paid" });
  });

  it("finds names that the server takes", () => {
    expect(freeName("Ship it!", [])).toBe("ship_it_");
    expect(freeName("ship", ["ship", "ship_2"])).toBe("ship_3");
    expect(freeName("ship_2", ["ship", "ship_2"])).toBe("ship_3");
    expect(freeName("ship_2", ["ship"])).toBe("ship_2");
    expect(freeName("42", [])).toBe("step");
  });

  it("leave what they do not touch as it was written, number by number", () => fc.assert(fc.property(objectText, objectText, (params, sample) => {
    const document = readJson(`{"schema":1,"name":"a","sample_input":${sample},"steps":[{"name":"one","params":${params}},{"name":"two"}],"edges":[]}`) as Document;
    const titled = applyCommand(document, { do: "putStep", index: 1, step: { name: "two", title: "Two" } });
    const read = readJson(writeJson(titled)) as Document;
    expect([writeJson(stepsOf(read)[0]!.params), writeJson(read.sample_input)]).toEqual([params, sample]);
  })));

  it("takes fields away that are no longer stated", () => {
    expect(applyCommand({ ...ORDER, title: "x" }, { do: "putFields", fields: { title: "", timeout: null } })).toEqual(ORDER);
  });
});
