/** The page's own icons. Decorative: the word beside it is what counts. */
import type { ReactElement } from "react";
import type { Kind } from "../graph/model/document";

export function Icon({ name }: { readonly name: string }): ReactElement {
  return <svg className="icon" aria-hidden="true"><use href={`#i-${name}`} /></svg>;
}

export const KIND_ICON: Readonly<Record<Kind, string>> = {
  task: "fleet", map: "runs", workflow: "flow", wait: "wait", approval: "hand",
};
export const KIND_WORD: Readonly<Record<Kind, string>> = {
  task: "Task", map: "For each item", workflow: "Workflow", wait: "Wait", approval: "Approval",
};
