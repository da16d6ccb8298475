/** Routes edges in a thread of its own, since a large graph takes longer than a frame. */
import { Asking } from "./asking";
import type { Plane, Route } from "./router";

const router = new Asking(() => new Worker(new URL("./routing.worker.ts", import.meta.url), { type: "module" }), "The edges could not be routed.");

export function routed(planes: readonly Plane[]): Promise<readonly Route[]> {
  return router.ask({ planes });
}
