/** What the fields of the inspector share: where they stand, what is wrong there, and whose values they preview. */
import { createContext, useContext, useMemo } from "react";
import { problemsOf } from "../../model/fields";
import type { Problem } from "../../../graph/model/problems";

export interface Inspecting {
  /** Path of what is inspected: `steps[2]`, `edges[0]`, or empty for the workflow. */
  readonly base: string;
  readonly problems: readonly Problem[];
  /** The workflow's address in the API; empty: nothing can be previewed. */
  readonly api: string;
  /** Another object after each saved edit. */
  readonly saved: unknown;
  /** The past run that previews take their values from; empty: the sample input. */
  readonly run: string;
}

export const InspectingContext = createContext<Inspecting>({ base: "", problems: [], api: "", saved: null, run: "" });

/** What is wrong with a field, by its path within what is inspected. */
export function useWrong(at: string | undefined, inside = false): readonly Problem[] {
  const { problems } = useContext(InspectingContext);
  return useMemo(() => (at === undefined ? [] : problemsOf(problems, at, inside)), [problems, at, inside]);
}

export function pathOf({ base }: Inspecting, at: string): string {
  return base ? `${base}.${at}` : at;
}
