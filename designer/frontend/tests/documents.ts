/** Documents and workers for tests of the canvas. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { catalogOf, type Worker } from "../src/graph/model/catalog";
import { isObject, type Document } from "../src/graph/model/document";

export const ORDER: Document = {
  schema: 1, name: "order",
  steps: [
    { name: "reserve", worker: "reserve_inventory", compensation: { worker: "release_inventory" } },
    { name: "charge", worker: "charge_payment", retry: { max_attempts: 5 }, timeout: 30 },
    { name: "ship", worker: "create_shipment" },
  ],
  edges: [{ from: "reserve", to: "charge" }, { from: "charge", to: "ship", when: "context.paid" }],
  layout: { reserve: [0, 0] },
};

export const worker = (name: string, compensation: string | null, category = "Shop"): Worker =>
  ({ name, title: name.replaceAll("_", " "), category, doc: "", params_schema: null, compensation, timeout: null, retry: null });

export const CATALOG = catalogOf([worker("charge_payment", "refund_payment"), worker("create_shipment", null), worker("read", "none", "Data")]);

export const contract = (file: string): Document[] => {
  const text = readFileSync(join(import.meta.dirname, "../../../tests/contract", file), "utf8");
  return (JSON.parse(text) as { cases: { document: unknown }[] }).cases.map(({ document }) => (isObject(document) ? document : {}));
};
