/** Buttons that mend a problem where it is shown. */
import { createContext, useContext, type ReactElement } from "react";
import type { Problem } from "../../graph/model/problems";
import type { Fix } from "../model/fixes";

export interface Fixing {
  readonly fixesOf: (problem: Problem) => readonly Fix[];
  readonly apply: (fix: Fix) => void;
}

export const FixingContext = createContext<Fixing>({ fixesOf: () => [], apply: () => undefined });

export function FixButtons({ problem }: { readonly problem: Problem }): ReactElement | null {
  const { fixesOf, apply } = useContext(FixingContext);
  const fixes = fixesOf(problem);
  if (!fixes.length) return null;
  return <span className="fixes">{fixes.map((fix) => <button key={fix.label} type="button" className="btn btn-xs" onClick={() => apply(fix)}>{fix.label}</button>)}</span>;
}
