/** The value of an expression, which the server computes a moment after the last key. */
import { useContext, useEffect, useState } from "react";
import type { Known } from "../../expressions/completion";
import { get, post } from "../../../graph/model/calls";
import { InspectedContext, pathOf } from "../../controls/inspected";

export type Preview = { readonly type: string; readonly text: string; readonly truncated: boolean } | { readonly error: string };

const AFTER_MS = 300;

export function usePreview(at: string, expression: string): Preview | null {
  const inspected = useContext(InspectedContext);
  const { api, run, saved } = inspected;
  const path = pathOf(inspected, at);
  const [preview, setPreview] = useState<Preview | null>(null);
  useEffect(() => {
    if (!api || !expression.trim()) return setPreview(null);
    let isCurrent = true;
    const timer = setTimeout(() => void post<Preview>(`${api}/draft/preview`, { path, expression, run: run || null }).then((result) => {
      if (isCurrent) setPreview(result.is === "ok" ? result.value : { error: result.message });
    }), AFTER_MS);
    return () => {
      isCurrent = false;
      clearTimeout(timer);
    };
  }, [api, path, expression, run, saved]);
  return preview;
}

/** What the expression may read; fetched once the field is used. */
export function useKnown(at: string, isUsed: boolean): readonly Known[] {
  const inspected = useContext(InspectedContext);
  const { api, run, saved } = inspected;
  const path = pathOf(inspected, at);
  const [known, setKnown] = useState<readonly Known[]>([]);
  useEffect(() => {
    if (!api || !isUsed) return undefined;
    let isCurrent = true;
    void get<{ known: readonly Known[] }>(`${api}/draft/scope?path=${encodeURIComponent(path)}${run && `&run=${run}`}`).then((result) => {
      if (isCurrent && result.is === "ok") setKnown(result.value.known);
    });
    return () => { isCurrent = false; };
  }, [api, path, run, saved, isUsed]);
  return known;
}
