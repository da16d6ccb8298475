/** The undo slot of a step. */
import type { ReactElement } from "react";
import { slotOf, type Catalog } from "../../../graph/model/catalog";
import { isObject, startsRuns, textOf, type JsonObject, type Step } from "../../../graph/model/document";
import { ChoiceField } from "../../controls/fields";
import { CallForm } from "./CallForm";
import type { SetFields } from "./setFields";

interface Props {
  readonly step: Step;
  readonly catalog: Catalog;
  readonly set: SetFields;
}

export function CompensationForm({ step, catalog, set }: Props): ReactElement {
  const own = step.compensation ?? null;
  const standard = slotOf({ ...step, compensation: null }, catalog).text;
  const rollsBack = isObject(own) && own.rollback === true;
  const holds = rollsBack ? "rollback" : isObject(own) ? "worker" : own === "none" || own === "irreversible" ? own : "";
  const begun: Readonly<Record<string, JsonObject>> = { worker: { worker: catalog.get(textOf(step.worker))?.compensation ?? "" }, rollback: { rollback: true } };
  const choose = (next: string): void => set({ compensation: begun[next] ?? (next || null) }, "undo");
  return <>
    <ChoiceField label="Undo" at="compensation" value={holds} change={choose}
      options={[["", `${startsRuns(step) ? "As usual" : "As its worker says"}: ${standard}`], ["worker", "This worker undoes it"], ...(step.detached === true ? [["rollback", "Roll that run back"] as const] : []), ["none", "Nothing to undo"], ["irreversible", "It cannot be undone"]]} />
    {isObject(own) && !rollsBack && (
      <CallForm label="Undone by" what="undo" at="compensation" call={own} catalog={catalog} hint="It must be safe to run twice, and on nothing at all"
        put={(compensation, topic) => set({ compensation }, topic)} />
    )}
  </>;
}
