/** Answers a draft and what is published of it with the forecasts of both. */
import { catalogOf, type Worker } from "../model/catalog";
import type { Document } from "../model/document";
import type { Basis } from "./basis";
import { forecast } from "./forecast";

interface Asked {
  readonly id: number;
  readonly document: Document;
  readonly published: Document | null;
  readonly workers: readonly Worker[];
  readonly basis: Basis;
}

addEventListener("message", ({ data: { id, document, published, workers, basis } }: MessageEvent<Asked>) => {
  const catalog = catalogOf(workers);
  const now = (): number => performance.now();
  postMessage({ id, data: { draft: forecast(document, catalog, basis, published, now), published: published && forecast(published, catalog, basis, published, now) } });
});
