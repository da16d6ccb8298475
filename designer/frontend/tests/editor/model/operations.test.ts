/** Steps made from the operations of an API's document. */
import { describe, expect, it } from "vitest";
import { blockOf, keyOf, operationIn, placesOf, requestOf, undoFrom, withPlace, type OperationStep } from "../../../src/editor/model/operations";
import { nameOf, stepOf } from "../../../src/graph/model/catalog";

const PARAMS = { connection: "shop", method: "PUT", url: "/locks/{id}", path: { id: "" } };
const LOCK: OperationStep = {
  id: "lock", title: "Lock it", method: "PUT", url: "/locks/{id}", tag: "", has_proposal: true, name: "lock_it", description: "", params: PARAMS, form: {}, undo: null,
  proposal: { params: { connection: "shop", method: "DELETE", url: "/locks/{id}", path: { id: "{path.id}" }, json: { of: "=output.body.id" } }, why: "", is_said: false },
};

describe("an operation", () => {
  it("is known by its key", () => {
    expect(operationIn(keyOf("my.shop", "lock"))).toEqual({ connection: "my.shop", id: "lock" });
    expect(operationIn("charge_payment")).toBeNull();
  });

  it("becomes a step with its params, and nothing to undo where it reads", () => {
    expect(stepOf(blockOf("shop", LOCK), nameOf(blockOf("shop", LOCK)))).toEqual({ name: "lock_it", title: "Lock it", worker: "http_request", params: PARAMS });
    expect(stepOf(blockOf("shop", { ...LOCK, undo: "none" }), "a")).toMatchObject({ compensation: "none" });
  });

  it("is found by what a step calls, unless an expression decides", () => {
    expect(requestOf({ worker: "http_request", params: PARAMS })).toEqual({ connection: "shop", method: "PUT", url: "/locks/{id}" });
    expect(requestOf({ worker: "http_request", params: { ...PARAMS, url: "=context.url" } })).toBeNull();
    expect(requestOf({ worker: "other", params: PARAMS })).toBeNull();
  });
});

describe("a proposed undo", () => {
  it("takes what the step itself has in its address", () => {
    const undo = undoFrom(LOCK.proposal!, { name: "a", params: { ...PARAMS, path: { id: "=context.id" } } });
    expect(undo).toEqual({ worker: "http_request", params: { connection: "shop", method: "DELETE", url: "/locks/{id}", path: { id: "=context.id" }, json: { of: "=output.body.id" } } });
  });
});

describe("the parts of a request", () => {
  const form = { path: { properties: { id: {} } }, query: { properties: {} }, json: { properties: { a: {} } } };

  it("have forms where they have fields and no expression gives all of them", () => {
    expect(placesOf(form, {})).toEqual(["path", "json"]);
    expect(placesOf(form, { json: "=context.body" })).toEqual(["path"]);
  });

  it("are left out when nothing is stated", () => {
    expect(withPlace({ url: "/", json: { a: 1 } }, "json", {})).toEqual({ url: "/" });
  });
});
