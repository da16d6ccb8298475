/** The pure parts of the canvas: commands, history, rules, derived nodes, comparison, problems' places. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { blocksOf, catalogOf, search, slotOf, stepOf, type Worker } from "../src/graph/model/catalog";
import { applyCommand, duplicateOf, freeName, type Command } from "../src/editor/model/commands";
import { compare } from "../src/editor/model/compare";
import { edgesOf, idsOf, layoutOf, stepsOf, type Document } from "../src/graph/model/document";
import { begin, perform, redo, undo } from "../src/editor/model/history";
import { autoLayout } from "../src/graph/model/layout";
import { edgeViews, NODE_WIDTH, stepViews, unplaced } from "../src/graph/model/nodes";
import { marksOf, spotOf } from "../src/graph/model/problems";
import { followersOf, refusalOf } from "../src/editor/model/rules";

const ORDER: Document = {
  schema: 1, name: "order",
  steps: [
    { name: "reserve", worker: "reserve_inventory", compensation: { worker: "release_inventory" } },
    { name: "charge", worker: "charge_payment", retry: { max_attempts: 5 }, timeout: 30 },
    { name: "ship", worker: "create_shipment" },
  ],
  edges: [{ from: "reserve", to: "charge" }, { from: "charge", to: "ship", when: "context.paid" }],
  layout: { reserve: [0, 0] },
};
const worker = (name: string, compensation: string | null, category = "Shop"): Worker =>
  ({ name, title: name.replaceAll("_", " "), category, doc: "", params_schema: null, compensation, timeout: null, retry: null });
const CATALOG = catalogOf([worker("charge_payment", "refund_payment"), worker("create_shipment", null), worker("read", "none", "Data")]);

const contract = (file: string): Document[] => {
  const text = readFileSync(join(import.meta.dirname, "../../../tests/contract", file), "utf8");
  return (JSON.parse(text) as { cases: { document: Document }[] }).cases.map((one) => one.document);
};

describe("commands", () => {
  it("insert on an edge puts the step between its ends, the condition before it", () => {
    const next = applyCommand(ORDER, { do: "insert", step: { name: "pack" }, edge: 1, place: [10, 20] });
    expect(edgesOf(next).slice(1)).toEqual([{ from: "charge", to: "pack", when: "context.paid" }, { from: "pack", to: "ship" }]);
    expect(layoutOf(next).pack).toEqual([10, 20]);
  });

  it("removing a step removes its edges and its place", () => {
    const next = applyCommand(ORDER, { do: "remove", steps: ["reserve"], edges: [] });
    expect(next).toEqual({ schema: 1, name: "order", steps: stepsOf(ORDER).slice(1), edges: [edgesOf(ORDER)[1]] });
  });

  it("a renamed step keeps its edges and its place", () => {
    const next = applyCommand(ORDER, { do: "putStep", index: 0, step: { ...stepsOf(ORDER)[0], name: "hold" } });
    expect(edgesOf(next)[0]).toEqual({ from: "hold", to: "charge" });
    expect(layoutOf(next)).toEqual({ hold: [0, 0] });
  });

  it("duplicates steps with the edges between them under free names", () => {
    const next = applyCommand(ORDER, duplicateOf(ORDER, ["charge", "ship"], { charge: [0, 0], ship: [300, 0] }));
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

  it("takes fields away that are no longer stated", () => {
    expect(applyCommand({ ...ORDER, title: "x" }, { do: "putFields", fields: { title: "", timeout: null } })).toEqual(ORDER);
  });
});

describe("history", () => {
  const steps: Command[] = Array.from({ length: 50 }, (_, number) => ({ do: "add", steps: [{ name: `s${number}` }] }));

  it("undoes 50 edits back to the very start, and does them again", () => {
    const done = steps.reduce((history, command) => perform(history, command), begin(ORDER));
    const back = steps.reduce(undo, done);
    expect(back.present).toBe(ORDER);
    expect(undo(back).present).toBe(ORDER);
    expect(steps.reduce(redo, back).present).toBe(done.present);
  });

  it("typing in one field is one step back", () => {
    const typed = ["a", "ab", "abc"].reduce((history, title) => perform(history, { do: "putFields", fields: { title } }, "title"), begin(ORDER));
    expect(typed.present.title).toBe("abc");
    expect(undo(typed).present).toBe(ORDER);
  });

  it("a new edit forgets what was undone", () => {
    const history = perform(undo(perform(begin(ORDER), steps[0]!)), steps[1]!);
    expect(redo(history).present).toBe(history.present);
  });
});

describe("rules", () => {
  it.each([["ship", "reserve", "circle"], ["reserve", "charge", "already"], ["ship", "ship", "itself"], ["#3", "ship", "name"]])(
    "refuses %s to %s", (from, to, word) => expect(refusalOf(ORDER, from, to)).toContain(word));
  it("allows a second way", () => expect(refusalOf(ORDER, "reserve", "ship")).toBeNull());
  it.each(["valid.json", "graph.json", "shape.json"])("lists in one walk what may follow each step of %s", (file) => {
    for (const document of [ORDER, ...contract(file)]) {
      const ids = idsOf(stepsOf(document ?? {}));
      for (const from of ids) expect(followersOf(document, from)).toEqual(ids.filter((to) => refusalOf(document, from, to) === null));
    }
  });
});

describe("the derived canvas", () => {
  it("shows each step with its worker, badges and undo slot", () => {
    const views = stepViews(ORDER, CATALOG, marksOf([{ code: "x", path: "steps[1].worker", message: "", level: "error" }]));
    expect(views.get("reserve")!.slot).toEqual({ holds: "action", text: "release_inventory", isOwn: true });
    expect(views.get("charge")).toMatchObject({ badges: ["5 tries", "30 s"], slot: { text: "refund_payment", isOwn: false }, marks: { errors: 1 } });
    expect(views.get("ship")!.slot.holds).toBe("unstated");
  });

  it("shows edges with their condition", () => {
    expect(edgeViews(ORDER, new Map()).map(({ label }) => label)).toEqual(["", "context.paid"]);
  });

  it("lays out from left to right without overlap, only what has no place", () => {
    expect(unplaced(ORDER)).toEqual(["charge", "ship"]);
    const places = autoLayout(ORDER);
    expect(places.charge![0]).toBeGreaterThan(places.reserve![0] + NODE_WIDTH);
    expect(places.ship![0]).toBeGreaterThan(places.charge![0] + NODE_WIDTH);
  });

  it.each(["valid.json", "graph.json", "shape.json"])("draws every document of %s without failing", (file) => {
    for (const document of contract(file)) {
      const shown: Document = typeof document === "object" && document !== null ? document : {};
      expect(stepViews(shown, CATALOG, new Map()).size).toBe(stepsOf(shown).length);
      edgeViews(shown, new Map());
      expect(Object.keys(autoLayout(shown))).toHaveLength(stepsOf(shown).length);
    }
  });
});

describe("the palette", () => {
  it("finds by every word and makes a step", () => {
    const [block] = search(blocksOf(CATALOG), "charge pay");
    expect(stepOf(block!, "charge_2")).toEqual({ name: "charge_2", title: "charge payment", worker: "charge_payment" });
    expect(search(blocksOf(CATALOG), "no such thing")).toEqual([]);
    const release = { ...worker("a_release", null), doc: "Puts the charge of a payment back." };
    expect(search(blocksOf(catalogOf([release, worker("charge_payment", null)])), "charge payment")[0]!.key).toBe("charge_payment");
  });

  it("knows the undo slot of built-in steps", () => {
    expect(slotOf({ kind: "wait" }, CATALOG).holds).toBe("none");
    expect(slotOf({ kind: "workflow" }, CATALOG).holds).toBe("action");
    expect(slotOf({ worker: "read" }, CATALOG).holds).toBe("none");
    expect(slotOf({ worker: "read", compensation: "irreversible" }, CATALOG).holds).toBe("irreversible");
  });
});

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

  it("does not mind the order of keys", () => {
    expect(compare({ ...ORDER, defaults: { a: 1, b: 2 } }, { ...ORDER, defaults: { b: 2, a: 1 } })).toEqual([]);
  });
});

it("finds the place of a problem", () => {
  expect(spotOf({ path: "steps[2].compensation.worker" })).toEqual({ on: "step", index: 2, field: "compensation.worker" });
  expect(spotOf({ path: "edges[0]" })).toEqual({ on: "edge", index: 0, field: "" });
  expect(spotOf({ path: "input_schema.type" })).toEqual({ on: "workflow", field: "input_schema.type" });
});
