/** Copying, merging and walking through a workflow: the pure parts. */
import { describe, expect, it } from "vitest";
import { catalogOf } from "../src/graph/model/catalog";
import { adopted, clipOf, graft, isWhole, readClip } from "../src/editor/model/clipboard";
import { applyCommand } from "../src/editor/model/commands";
import { edgesOf, idsOf, layoutOf, stepsOf, type Document } from "../src/graph/model/document";
import { merge } from "../src/editor/model/merge";
import { stepViews } from "../src/graph/model/nodes";
import { outlineOf } from "../src/graph/model/outline";

const ORDER: Document = {
  schema: 1, name: "order", title: "Order",
  steps: [{ name: "reserve", worker: "r" }, { name: "charge", worker: "c", params: { amount: 1, currency: "EUR" } }, { name: "ship", worker: "s" }],
  edges: [{ from: "reserve", to: "charge" }, { from: "charge", to: "ship", when: "context.paid" }],
  layout: { reserve: [0, 0], charge: [300, 0], ship: [600, 0] },
};
const places = layoutOf(ORDER);
const withStep = (index: number, fields: Document): Document =>
  ({ ...ORDER, steps: stepsOf(ORDER).map((step, place) => (place === index ? { ...step, ...fields } : step)) });

describe("copying", () => {
  const clip = readClip(JSON.stringify(clipOf(ORDER, new Set(["charge", "ship"]), places)))!;

  it("takes steps with the edges among them into another workflow as they are", () => {
    const empty: Document = { schema: 1, name: "other" };
    const next = applyCommand(empty, graft(empty, clip, layoutOf(clip), {}));
    expect(next).toEqual({ ...empty, steps: stepsOf(ORDER).slice(1), edges: [edgesOf(ORDER)[1]], layout: { charge: [300, 0], ship: [600, 0] } });
  });

  it("gives free names and free places where they stand already", () => {
    const next = applyCommand(ORDER, graft(ORDER, clip, layoutOf(clip), places));
    expect(idsOf(stepsOf(next)).slice(3)).toEqual(["charge_2", "ship_2"]);
    expect(edgesOf(next).at(-1)).toEqual({ from: "charge_2", to: "ship_2", when: "context.paid" });
    expect(layoutOf(next).charge_2![1]).toBeGreaterThan(120);
  });

  it("puts several steps between the ends of an edge, the condition before them", () => {
    const next = applyCommand(ORDER, graft(ORDER, clip, layoutOf(clip), places, { place: [10, 20], edge: 1 }));
    expect(edgesOf(next)).toEqual([
      { from: "reserve", to: "charge" }, { from: "charge_2", to: "ship_2", when: "context.paid" },
      { from: "charge", to: "charge_2", when: "context.paid" }, { from: "ship_2", to: "ship" },
    ]);
    expect(layoutOf(next).charge_2).toEqual([10, 20]);
  });

  it("lets steps follow another one", () => {
    expect(graft(ORDER, clip, {}, {}, { after: "reserve" }).edges!.at(-1)).toEqual({ from: "reserve", to: "charge_2" });
  });

  it("knows a whole workflow, which keeps the name of the draft it comes into", () => {
    expect([isWhole(clip), isWhole(ORDER)]).toEqual([false, true]);
    expect(adopted({ schema: 1, name: "mine", title: "Mine" }, ORDER)).toEqual({ ...ORDER, name: "mine", title: "Mine" });
  });

  it.each(["", "hello", "[1]", "{", '{"steps": []}', '{"steps": [1]}', '{"steps": {}}'])("takes no steps from %j", (text) => expect(readClip(text)).toBeNull());
});

describe("merging", () => {
  it("takes both authors' changes without asking, down to single params", () => {
    const mine = withStep(1, { params: { amount: 2, currency: "EUR" }, timeout: 9 });
    const theirs = { ...withStep(1, { params: { amount: 1, currency: "USD" } }), title: "Orders", layout: { ...places, ship: [9, 9] } };
    const { document, clashes } = merge(ORDER, mine, theirs);
    expect(clashes).toEqual([]);
    expect(stepsOf(document)[1]).toEqual({ name: "charge", worker: "c", params: { amount: 2, currency: "USD" }, timeout: 9 });
    expect([document.title, layoutOf(document).ship]).toEqual(["Orders", [9, 9]]);
  });

  it("keeps steps and edges that either added, and drops what either removed", () => {
    const mine = applyCommand(ORDER, { do: "add", steps: [{ name: "pack" }], edges: [{ from: "reserve", to: "pack" }] });
    const theirs = applyCommand(applyCommand(ORDER, { do: "add", steps: [{ name: "mail" }] }), { do: "remove", steps: ["ship"], edges: [] });
    const { document, clashes } = merge(ORDER, mine, theirs);
    expect(clashes).toEqual([]);
    expect(idsOf(stepsOf(document)).sort()).toEqual(["charge", "mail", "pack", "reserve"]);
    expect(edgesOf(document)).toEqual([{ from: "reserve", to: "charge" }, { from: "reserve", to: "pack" }]);
    expect(Object.keys(layoutOf(document)).sort()).toEqual(["charge", "reserve"]);
  });

  it("asks where both changed one field differently, and does as it is told", () => {
    const [mine, theirs] = [withStep(0, { timeout: 5 }), withStep(0, { timeout: 7 })];
    const { clashes, document } = merge(ORDER, mine, theirs);
    expect(clashes).toEqual([{ key: "step reserve|timeout", subject: "step reserve", field: "timeout", base: undefined, mine: 5, theirs: 7 }]);
    expect(stepsOf(document)[0]!.timeout).toBe(5);
    expect(stepsOf(merge(ORDER, mine, theirs, new Map([["step reserve|timeout", "theirs"]])).document)[0]!.timeout).toBe(7);
  });

  it("asks where one removed what the other changed", () => {
    const gone = applyCommand(ORDER, { do: "remove", steps: ["ship"], edges: [] });
    const { clashes, document } = merge(ORDER, gone, withStep(2, { timeout: 7 }));
    expect(clashes).toMatchObject([{ subject: "step ship", field: "", mine: undefined }]);
    expect(idsOf(stepsOf(document))).toEqual(["reserve", "charge"]);
    const theirs = merge(ORDER, gone, withStep(2, { timeout: 7 }), new Map([["step ship|", "theirs"]])).document;
    expect(stepsOf(theirs)[2]).toEqual({ name: "ship", worker: "s", timeout: 7 });
  });

  it("of equal documents is the document", () => expect(merge(ORDER, ORDER, ORDER)).toEqual({ document: ORDER, clashes: [] }));

  it("keeps an order that only one of them changed", () => {
    const theirs = { ...ORDER, edges: [...edgesOf(ORDER)].reverse() };
    expect(edgesOf(merge(ORDER, withStep(0, { timeout: 1 }), theirs).document)).toEqual(theirs.edges);
  });
});

describe("the outline", () => {
  const views = (document: Document) => stepViews(document, catalogOf([]), new Map());

  it("names steps in the order in which they may run, each with its undo and where it leads", () => {
    const turned: Document = { ...ORDER, steps: [...stepsOf(ORDER)].reverse() };
    const items = outlineOf(turned, views(turned), new Set(["charge"]));
    expect(items.map(({ text }) => text)).toEqual(["reserve", "charge", "Undo: no undo", "Leads to ship", "ship"]);
    expect(items[3]).toMatchObject({ is: "edge", edge: 1, note: "context.paid", position: 2, size: 2 });
    expect(items[4]).toMatchObject({ position: 3, size: 3 });
  });

  it("names every step of a circle too", () => {
    const round: Document = { ...ORDER, edges: [...edgesOf(ORDER), { from: "ship", to: "reserve" }] };
    expect(outlineOf(round, views(round), new Set())).toHaveLength(3);
  });
});
