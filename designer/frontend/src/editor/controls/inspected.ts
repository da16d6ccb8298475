/** Context of the inspector's fields: the path of what is inspected, its problems, and the source of previews. */
import { createContext, useContext, useMemo } from "react";
import { problemsOf } from "../model/fields";
import type { Problem } from "../../graph/model/problems";

export interface Inspected {
  /** Path of what is inspected: `steps[2]`, `edges[0]`, or empty for the workflow. */
  readonly base: string;
  readonly problems: readonly Problem[];
  /** What paths of the whole workflow have before those of the problems. */
  readonly prefix: string;
  /** The workflow's address in the API; empty: nothing can be previewed. */
  readonly api: string;
  /** Another object after each saved edit. */
  readonly saved: unknown;
  /** The past run that previews take their values from; empty: the sample input. */
  readonly run: string;
}

export const InspectedContext = createContext<Inspected>({ base: "", problems: [], prefix: "", api: "", saved: null, run: "" });

/** The problems of a field, by its path within what is inspected; with `inside` also those within it. */
export function useFieldProblems(at: string | undefined, inside = false): readonly Problem[] {
  const { problems } = useContext(InspectedContext);
  return useMemo(() => (at === undefined ? [] : problemsOf(problems, at, inside)), [problems, at, inside]);
}

export function pathOf({ base }: Inspected, at: string): string {
  return base ? `${base}.${at}` : at;
}
