/** An order whose steps all have places. */
import { layoutOf, stepsOf, type Document } from "../src/graph/model/document";

export const ORDER: Document = {
  schema: 1, name: "order", title: "Order",
  steps: [{ name: "reserve", worker: "r" }, { name: "charge", worker: "c", params: { amount: 1, currency: "EUR" } }, { name: "ship", worker: "s" }],
  edges: [{ from: "reserve", to: "charge" }, { from: "charge", to: "ship", when: "context.paid" }],
  layout: { reserve: [0, 0], charge: [300, 0], ship: [600, 0] },
};

export const places = layoutOf(ORDER);

export const withStep = (index: number, fields: Document): Document =>
  ({ ...ORDER, steps: stepsOf(ORDER).map((step, place) => (place === index ? { ...step, ...fields } : step)) });
