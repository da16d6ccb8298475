/** The direction in which a graph is drawn: as its steps are placed, or as a person chose. Pure but for the storage. */
import { edgesOf, isErrorEdge, textOf, type Document, type Places } from "../model/document";
import { NODE_HEIGHT, NODE_WIDTH } from "../model/nodes";
import { keep, readKept } from "../../shared/dom";

export type Direction = "right" | "down";

const keyOf = (workflow: string): string => `sagaboard.direction.${workflow}`;

/** The direction in which most edges lead between placed steps; null where neither prevails. */
export function directionOf(document: Document, places: Places): Direction | null {
  let balance = 0;
  for (const edge of edgesOf(document)) {
    const [from, to] = [places.get(textOf(edge.from)), places.get(textOf(edge.to))];
    if (!from || !to || isErrorEdge(edge)) continue;
    const [isRight, isBelow] = [to[0] >= from[0] + NODE_WIDTH, to[1] >= from[1] + NODE_HEIGHT];
    balance += Number(isRight) - Number(isBelow);
  }
  return balance === 0 ? null : balance > 0 ? "right" : "down";
}

/** What this person chose for a workflow; null for no choice, and without storage. */
export function readDirection(workflow: string): Direction | null {
  const kept = readKept(keyOf(workflow));
  return kept === "right" || kept === "down" ? kept : null;
}

export function keepDirection(workflow: string, direction: Direction): void {
  keep(keyOf(workflow), direction);
}
