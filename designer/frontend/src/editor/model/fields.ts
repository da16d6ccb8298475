/** Fields of the inspector by their paths, as the server's problems name them. Pure. */
import { memberOf } from "../../shared/json";
import { KINDS } from "../../shared/kinds";
import { spotOf, type Problem } from "../../graph/model/problems";

export const TABS = ["Step", "Undo", "Failure", "Notes", "JSON"] as const;
export type Tab = (typeof TABS)[number];

const TAB_OF: Readonly<Record<string, Tab>> = {
  compensation: "Undo", timeout: "Failure", retry: "Failure", on_failure: "Failure", fallback: "Failure", verify: "Failure",
  queue: "Failure", limit: "Failure", dynamic: "Failure", pivot: "Failure", notes: "Notes",
};
/** The step itself, and what no other tab has of the fields of all kinds. */
const ON_STEP = new Set(["", ...Object.values(KINDS).flatMap(({ fields }) => fields)]);

/** The tab that a field of a step stands on; what no form has stands in the JSON. */
export function tabOf(field: string): Tab {
  const head = /^\w*/.exec(field)?.[0] ?? "";
  return memberOf(TAB_OF, head) ?? (ON_STEP.has(head) ? "Step" : "JSON");
}

/** Problems of one field; with `inside` also those of what lies within it. */
export function problemsOf(problems: readonly Problem[], field: string, inside: boolean): readonly Problem[] {
  return problems.filter((problem) => {
    const path = spotOf(problem).field;
    return path === field || (inside && isWithin(path, field));
  });
}

/** The innermost of the existing fields that is the wanted one or contains it. */
export function nearest(fields: readonly string[], wanted: string): string | null {
  const around = fields.filter((field) => field === wanted || isWithin(wanted, field));
  return around.reduce<string | null>((best, field) => (best === null || field.length > best.length ? field : best), null);
}

function isWithin(inner: string, outer: string): boolean {
  return inner.startsWith(`${outer}.`) || inner.startsWith(`${outer}[`);
}
