/** Answers the planes of a canvas with the routes of their edges. */
import { routesOf, type Plane } from "./router";

interface Asked {
  readonly id: number;
  readonly planes: readonly Plane[];
}

addEventListener("message", ({ data: { id, planes } }: MessageEvent<Asked>) => {
  postMessage({ id, data: routesOf(planes) });
});
