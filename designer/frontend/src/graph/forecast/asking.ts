/** Makes forecasts in a thread of its own: ten thousand samples take longer than a frame. */
import { withPlainNumbers } from "../../shared/json";
import { Asking } from "../layout/asking";
import type { Worker as WorkerOfSteps } from "../model/catalog";
import type { Document } from "../model/document";
import type { Basis } from "./basis";
import type { Forecast } from "./forecast";

export interface Forecasts {
  /** Null for a draft with a circle, or without steps. */
  readonly draft: Forecast | null;
  readonly published: Forecast | null;
}

const forecaster = new Asking(() => new Worker(new URL("./forecast.worker.ts", import.meta.url), { type: "module" }), "The forecast could not be made.");

export function forecasts(document: Document, published: Document | null, workers: readonly WorkerOfSteps[], basis: Basis): Promise<Forecasts> {
  const plain = withPlainNumbers({ document, published, workers }) as object;
  return forecaster.ask({ ...plain, basis });
}
