/** The steps whose bodies are drawn in place, kept by the browser for each workflow. Without storage all are folded at first. */
import { useMemo, useState } from "react";
import { idsWithin } from "../model/bodies";
import { keep, readKept } from "../../shared/dom";
import { readJson, writeJson } from "../../shared/json";

const KEPT_MAX = 200;
const keyOf = (workflow: string): string => `sagaboard.unfolded.${workflow}`;

export function readUnfolded(workflow: string): ReadonlySet<string> {
  try {
    const kept = readJson(readKept(keyOf(workflow)) ?? "[]");
    return new Set(Array.isArray(kept) ? kept.filter((id): id is string => typeof id === "string") : []);
  } catch {
    return new Set();
  }
}

export function keepUnfolded(workflow: string, ids: ReadonlySet<string>): void {
  keep(keyOf(workflow), ids.size ? writeJson([...ids].slice(-KEPT_MAX)) : null);
}

export function toggled(ids: ReadonlySet<string>, id: string): ReadonlySet<string> {
  const next = new Set(ids);
  if (!next.delete(id)) next.add(id);
  return next;
}

/** What is unfolded in the graph at a path, with ids of the whole workflow for the toggle. */
export function useUnfolded(workflow: string, path: string): readonly [ReadonlySet<string>, (id: string) => void] {
  const [ids, setIds] = useState(() => readUnfolded(workflow));
  const own = useMemo(() => idsWithin(ids, path), [ids, path]);
  const toggle = (id: string): void => {
    const next = toggled(ids, id);
    setIds(next);
    keepUnfolded(workflow, next);
  };
  return [own, toggle];
}
