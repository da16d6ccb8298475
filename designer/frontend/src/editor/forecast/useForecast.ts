/** State of the forecast: what it rests on, asked once it is opened and after edits of what steps call, and the forecasts themselves. */
import { useEffect, useMemo, useState } from "react";
import { basisOf, type Basis } from "../../graph/forecast/basis";
import { forecasts, type Forecasts } from "../../graph/forecast/asking";
import { allIds } from "../../graph/model/bodies";
import { get } from "../../graph/model/calls";
import type { Document } from "../../graph/model/document";
import type { EditData } from "../draft/data";
import { calledIn } from "./called";

const PAUSE_MS = 150;

export interface ForecastState {
  readonly basis: Basis | null;
  readonly forecasts: Forecasts | null;
  /** Why there are none; empty if there are, or will be. */
  readonly refusal: string;
  readonly isBusy: boolean;
}

/** `saved` is another object after each saved edit. */
export function useForecast({ api, published, workers }: EditData, document: Document, saved: unknown): ForecastState {
  const [basis, setBasis] = useState<Basis | null>(null);
  const [made, setMade] = useState<{ readonly of: Document; readonly forecasts: Forecasts } | null>(null);
  const [refusal, refuse] = useState("");
  const called = useMemo(() => calledIn(document), [document]);
  const [asked, ask] = useState({ called, saved });
  // What a new step's worker does elsewhere is known once the step is saved.
  if (asked.called !== called && asked.saved !== saved) ask({ called, saved });
  useEffect(() => {
    let isCurrent = true;
    void get<Basis>(`${api}/forecast`).then((answer) => {
      if (!isCurrent) return;
      refuse(answer.is === "ok" ? "" : answer.message);
      if (answer.is === "ok") setBasis(basisOf(answer.value));
    });
    return () => { isCurrent = false; };
  }, [api, asked]);
  useEffect(() => {
    if (!basis || basis.runs < basis.least) return;
    let isCurrent = true;
    const wait = setTimeout(() => void forecasts(document, published, workers, basis).then(
      (answer) => { if (isCurrent) setMade({ of: document, forecasts: answer }); },
      (error: unknown) => { if (isCurrent) refuse(error instanceof Error ? error.message : String(error)); },
    ), PAUSE_MS);
    return () => {
      isCurrent = false;
      clearTimeout(wait);
    };
  }, [basis, document, published, workers]);
  return { basis, forecasts: made?.forecasts ?? null, refusal, isBusy: allIds(document).length > 0 && made?.of !== document };
}
