/** What an expression gives, asked of the server a moment after the last key. */
import { useContext, useEffect, useState } from "react";
import type { Known } from "../../model/completion";
import { get, post } from "../../../graph/model/calls";
import { InspectingContext, pathOf } from "./context";

export type Preview = { readonly type: string; readonly text: string; readonly truncated: boolean } | { readonly error: string };

const AFTER_MS = 300;

export function usePreview(at: string, expression: string): Preview | null {
  const inspecting = useContext(InspectingContext);
  const { api, run, saved } = inspecting;
  const path = pathOf(inspecting, at);
  const [preview, setPreview] = useState<Preview | null>(null);
  useEffect(() => {
    if (!api || !expression.trim()) return setPreview(null);
    let isCurrent = true;
    const timer = setTimeout(() => void post<Preview>(`${api}/draft/preview`, { path, expression, run: run || null }).then((told) => {
      if (isCurrent) setPreview(told.is === "ok" ? told.value : { error: told.message });
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
  const inspecting = useContext(InspectingContext);
  const { api, run, saved } = inspecting;
  const path = pathOf(inspecting, at);
  const [known, setKnown] = useState<readonly Known[]>([]);
  useEffect(() => {
    if (!api || !isUsed) return undefined;
    let isCurrent = true;
    void get<{ known: readonly Known[] }>(`${api}/draft/scope?path=${encodeURIComponent(path)}${run && `&run=${run}`}`).then((told) => {
      if (isCurrent && told.is === "ok") setKnown(told.value.known);
    });
    return () => { isCurrent = false; };
  }, [api, path, run, saved, isUsed]);
  return known;
}
