/** Canvases for tests of the layout: documents placed by ELK or by hand, with bodies drawn in place, and what must hold of their routes. */
import ELK from "elkjs/lib/elk.bundled.js";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { allIds, sectionsOf } from "../../../src/graph/model/bodies";
import { boxesOf, type Part } from "../../../src/graph/model/boxes";
import { layoutOf, type Document, type Places } from "../../../src/graph/model/document";
import { edgesIn, unmarked } from "../../../src/graph/model/nodes";
import type { Direction } from "../../../src/graph/layout/direction";
import { placesFrom, questionOf } from "../../../src/graph/layout/elk";
import { overlap, segmentsOf, sidesOf, type Segment } from "../../../src/graph/layout/geometry";
import { directionsOf, planesOf } from "../../../src/graph/layout/planes";
import type { Plane, Route } from "../../../src/graph/layout/router";

const elk = new ELK();

/** The shipped workflows, as `tests/contract/patterns.py` wrote them. */
export const PATTERNS: readonly Document[] = (JSON.parse(readFileSync(join(import.meta.dirname, "../../../../../tests/contract/shipped/workflows.json"), "utf8")) as { documents: Document[] }).documents;

export async function placed(document: Document, direction: Direction): Promise<Places> {
  return placesFrom(document, await elk.layout(questionOf(document, direction)));
}

export type Placing = (document: Document) => Promise<Places>;
export const byElk = (direction: Direction): Placing => (document) => placed(document, direction);
export const asWritten: Placing = (document) => Promise.resolve(layoutOf(document));

/** The planes of a document with all bodies, or none, drawn in place. */
export async function canvasOf(document: Document, place: Placing, direction: Direction, isUnfolded = true): Promise<Plane[]> {
  const sections = sectionsOf(document, new Set(isUnfolded ? allIds(document) : []));
  const parts = new Map<string, Part>();
  for (const section of sections) parts.set(section.path, { ...section, places: await place(section.document) });
  return planesOf(boxesOf(parts), edgesIn(sections, unmarked), directionsOf(parts.values(), direction));
}

/** What is wrong with the routes; nothing where all goes round everything. */
export function faultsOf(planes: readonly Plane[], routes: readonly Route[]): string[] {
  const known = new Map(routes.map((route) => [route.id, route]));
  const lines = planes.flatMap((plane) => plane.lines.map((line) => ({ plane, line })));
  const crossings = lines.flatMap(({ plane, line }) => {
    const route = known.get(line.id);
    if (!route) return [`${line.id} has no route`];
    const segments = segmentsOf(route.points);
    const crossed = plane.boxes.filter((box) => segments.some((segment) => overlap(thick(segment), sidesOf(box))));
    return crossed.map(({ id }) => `${line.id} crosses ${id}`);
  });
  const labels = lines.flatMap(({ plane, line }): { plane: Plane; id: string; box: Segment | null }[] => {
    const at = known.get(line.id)?.label?.at;
    return line.label && at ? [{ plane, id: line.id, box: boxAt(at, line.label) }] : line.label ? [{ plane, id: line.id, box: null }] : [];
  });
  const covered = labels.flatMap(({ plane, id, box }, index) => {
    if (!box) return [`${id} has no label`];
    const others = labels.slice(0, index).filter((other) => other.box && overlap(other.box, box)).map((other) => `the labels of ${id} and ${other.id} overlap`);
    const steps = planes.flatMap(({ boxes }) => boxes).filter((other) => {
      const isAround = plane.path === other.id || plane.path.startsWith(`${other.id}/`);
      return overlap(box, sidesOf(other.head !== null && isAround ? { ...other, height: other.head } : other));
    });
    return [...others, ...steps.map((step) => `the label of ${id} lies on ${step.id}`)];
  });
  return [...crossings, ...covered];
}

const thick = ({ x1, y1, x2, y2 }: Segment): Segment => ({ x1: x1 - 0.01, y1: y1 - 0.01, x2: x2 + 0.01, y2: y2 + 0.01 });

function boxAt([x, y]: readonly [number, number], [width, height]: readonly [number, number]): Segment {
  return { x1: x - width / 2, y1: y - height / 2, x2: x + width / 2, y2: y + height / 2 };
}
