/** Two authors' drafts made one. */
import { describe, expect, it } from "vitest";
import { applyCommand } from "../../../src/editor/model/commands";
import { edgesOf, idsOf, layoutOf, stepsOf, type Document, type JsonObject } from "../../../src/graph/model/document";
import { merge } from "../../../src/editor/model/merge";
import { ORDER, places, withStep } from "../../placedOrder";

describe("merging", () => {
  it("takes both authors' changes without asking, down to single params", () => {
    const mine = withStep(1, { params: { amount: 2, currency: "EUR" }, timeout: 9 });
    const theirs = { ...withStep(1, { params: { amount: 1, currency: "USD" } }), title: "Orders", layout: { ...Object.fromEntries(places), ship: [9, 9] } };
    const { document, clashes } = merge(ORDER, mine, theirs);
    expect(clashes).toEqual([]);
    expect(stepsOf(document)[1]).toEqual({ name: "charge", worker: "c", params: { amount: 2, currency: "USD" }, timeout: 9 });
    expect([document.title, layoutOf(document).get("ship")]).toEqual(["Orders", [9, 9]]);
  });

  it("keeps steps and edges that either added, and drops what either removed", () => {
    const mine = applyCommand(ORDER, { do: "add", steps: [{ name: "pack" }], edges: [{ from: "reserve", to: "pack" }] });
    const theirs = applyCommand(applyCommand(ORDER, { do: "add", steps: [{ name: "mail" }] }), { do: "remove", steps: ["ship"], edges: [] });
    const { document, clashes } = merge(ORDER, mine, theirs);
    expect(clashes).toEqual([]);
    expect(idsOf(stepsOf(document)).sort()).toEqual(["charge", "mail", "pack", "reserve"]);
    expect(edgesOf(document)).toEqual([{ from: "reserve", to: "charge" }, { from: "reserve", to: "pack" }]);
    expect([...layoutOf(document).keys()].sort()).toEqual(["charge", "reserve"]);
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

  it("merges what is inside steps, field by field", () => {
    const of = (charge: JsonObject, ship: JsonObject): Document => ({ steps: [{ name: "lines", kind: "group", body: { steps: [{ name: "charge", ...charge }, { name: "ship", ...ship }] } }] });
    const { document, clashes } = merge(of({}, {}), of({ timeout: 1 }, { timeout: 2 }), of({ worker: "c" }, { timeout: 3 }));
    expect(clashes).toMatchObject([{ subject: "lines › step ship", field: "timeout", mine: 2, theirs: 3 }]);
    expect(document).toEqual(of({ timeout: 1, worker: "c" }, { timeout: 2 }));
  });

  it("of equal documents is the document", () => expect(merge(ORDER, ORDER, ORDER)).toEqual({ document: ORDER, clashes: [] }));

  it("keeps an order that only one of them changed", () => {
    const theirs = { ...ORDER, edges: [...edgesOf(ORDER)].reverse() };
    expect(edgesOf(merge(ORDER, withStep(0, { timeout: 1 }), theirs).document)).toEqual(theirs.edges);
  });
});
