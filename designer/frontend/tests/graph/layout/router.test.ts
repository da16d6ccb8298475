// @vitest-environment node
/** No edge crosses a step and no label covers anything: over random graphs and all shipped workflows, in both directions. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { textOf, type Document, type Edge, type Step } from "../../../src/graph/model/document";
import { routesOf } from "../../../src/graph/layout/router";
import { asWritten, byElk, canvasOf, faultsOf, PATTERNS } from "./canvases";

const DIRECTIONS = ["right", "down"] as const;
const TIMEOUT_MS = 120_000;

const condition = fc.constantFrom("", "", "", "context.total > 100", "steps.check.output.is_valid == true && context.vip", "x");
const errors = fc.constantFrom([], ["timeout"], ["http_404", "validation.*"]);

/** A graph without circles: branches, joins, error edges, labels, and bodies in some of its steps. */
const graphs = (depth: number, most: number): fc.Arbitrary<Document> => fc.integer({ min: 1, max: most }).chain((count) => fc.record({
  links: fc.array(fc.tuple(fc.nat(count - 1), fc.nat(count - 1), condition, fc.boolean(), errors, fc.boolean()), { maxLength: count * 2 }),
  bodies: depth ? fc.array(fc.tuple(fc.nat(count - 1), graphs(depth - 1, 4)), { maxLength: 2 }) : fc.constant([]),
  columns: fc.integer({ min: 1, max: 5 }),
  gaps: fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 })),
  shifts: fc.array(fc.tuple(fc.nat(8), fc.nat(8)), { minLength: count, maxLength: count }),
  order: fc.shuffledSubarray(Array.from({ length: count }, (_, index) => index), { minLength: count }),
}).map(({ links, bodies, columns, gaps, shifts, order }): Document => {
  const inner = new Map(bodies);
  const steps = Array.from({ length: count }, (_, index): Step => ({ name: `s${index}`, ...(inner.has(index) ? { kind: "group", body: inner.get(index) ?? null } : { worker: "w" }) }));
  const seen = new Set<string>();
  const edges = links.flatMap(([a, b, when, isError, codes, otherwise]): Edge[] => {
    const [from, to] = [`s${Math.min(a, b)}`, `s${Math.max(a, b)}`];
    const key = `${from} ${to} ${isError}`;
    if (a === b || seen.has(key)) return [];
    seen.add(key);
    return [{ from, to, ...(isError && { on: "failed", errors: codes }), ...(when && !isError && { when }), ...(otherwise && !when && !isError && { otherwise }) }];
  });
  const layout = Object.fromEntries(order.map((step, place) => {
    const [dx, dy] = shifts[place] ?? [0, 0];
    return [`s${step}`, [(place % columns) * (236 + 80 + gaps[0] * 10) + dx * 10, Math.floor(place / columns) * (128 + 80 + gaps[1] * 10) + dy * 10]];
  }));
  return { steps, edges, layout };
}));

describe.each(DIRECTIONS)("edges that lead %s", (direction) => {
  it("go round everything that ELK has placed, frames among it", { timeout: TIMEOUT_MS }, async () => {
    await fc.assert(fc.asyncProperty(graphs(2, 14), async (document) => {
      const planes = await canvasOf(document, byElk(direction), direction);
      expect(faultsOf(planes, routesOf(planes))).toEqual([]);
    }), { numRuns: 50 });
  });

  it("go round everything that people have placed", { timeout: TIMEOUT_MS }, async () => {
    await fc.assert(fc.asyncProperty(graphs(1, 14), async (document) => {
      const planes = await canvasOf(document, asWritten, direction);
      expect(faultsOf(planes, routesOf(planes))).toEqual([]);
    }), { numRuns: 50 });
  });

  it.each(PATTERNS.map((document) => [textOf(document.name), document] as const))("go round everything in %s", async (_, document) => {
    for (const isUnfolded of [false, true]) {
      const planes = await canvasOf(document, byElk(direction), direction, isUnfolded);
      expect(faultsOf(planes, routesOf(planes))).toEqual([]);
    }
  });
});
