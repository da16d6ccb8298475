/** Blocks of the palette and undo slots. */
import { describe, expect, it } from "vitest";
import { blocksOf, catalogOf, headingsOf, search, slotOf, stepOf } from "../../../src/graph/model/catalog";
import { worker, CATALOG } from "../../documents";

describe("the palette", () => {
  it("finds by every word and makes a step", () => {
    const [block] = search(blocksOf(CATALOG), "charge pay");
    expect(stepOf(block!, "charge_2")).toEqual({ name: "charge_2", title: "charge payment", worker: "charge_payment" });
    expect(search(blocksOf(CATALOG), "no such thing")).toEqual([]);
    const release = { ...worker("a_release", null), doc: "Puts the charge of a payment back." };
    expect(search(blocksOf(catalogOf([release, worker("charge_payment", null)])), "charge payment")[0]!.key).toBe("charge_payment");
  });

  it("folds what has a heading of headings, behind all else", () => {
    const workers = [["ship", "Examples/Shop"], ["send", "Mail"], ["own", ""], ["plan", "Examples/Dynamic"]]
      .map(([name, category]) => ({ ...worker(name!, null), category: category! }));
    const headings = headingsOf(blocksOf(catalogOf(workers), [{ name: "whole", steps: [] }]));
    expect(headings.map(({ fold, groups }) => [fold, groups.map(([group]) => group)])).toEqual([
      ["", ["Steps", "Mail", "Other workers"]],
      ["Examples", ["Dynamic", "Shop", "Patterns, as several steps"]],
    ]);
    expect(headingsOf(search(blocksOf(catalogOf(workers)), "examples shop"))).toMatchObject([{ fold: "Examples", groups: [["Shop", [{ key: "ship" }]]] }]);
  });

  it("knows the undo slot of built-in steps", () => {
    expect(slotOf({ kind: "wait" }, CATALOG).holds).toBe("none");
    expect(slotOf({ kind: "workflow" }, CATALOG).holds).toBe("action");
    expect(slotOf({ worker: "read" }, CATALOG).holds).toBe("none");
    expect(slotOf({ kind: "workflow", detached: true }, CATALOG).holds).toBe("unstated");
    expect(slotOf({ kind: "workflow", detached: true, compensation: { rollback: true } }, CATALOG)).toMatchObject({ holds: "action", text: "rolls that run back" });
    expect(slotOf({ kind: "group", body: {} }, CATALOG).holds).toBe("action");
    expect(slotOf({ kind: "loop", worker: "charge_payment" }, CATALOG).text).toBe("refund_payment, each turn");
    expect(slotOf({ kind: "map", worker: "charge_payment", body: {} }, CATALOG).text).toBe("rolls its run back");
    expect(slotOf({ worker: "read", compensation: "irreversible" }, CATALOG).holds).toBe("irreversible");
  });
});
