/** Computes places for all steps by ELK, which is loaded when it is first needed and works in a thread of its own. */
import type { ElkNode } from "elkjs/lib/elk-api";
import ElkWorker from "elkjs/lib/elk-worker.min.js?worker";
import type { Document, Places } from "../model/document";
import { Asking } from "./asking";
import type { Direction } from "./direction";
import { placesFrom, questionOf } from "./elk";

const elk = new Asking(() => {
  const worker = new ElkWorker();
  worker.postMessage({ id: 0, cmd: "register", algorithms: ["layered"] });
  return worker;
}, "The steps could not be arranged. Reload the page and try again.");

/** A place for every step; rejects when the engine cannot be loaded. */
export async function arranged(document: Document, direction: Direction): Promise<Places> {
  const graph = questionOf(document, direction);
  return placesFrom(document, await elk.ask<ElkNode>({ cmd: "layout", graph, layoutOptions: {}, options: {} }));
}
