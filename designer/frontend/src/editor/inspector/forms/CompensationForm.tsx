/** The undo slot of a step. */
import type { ReactElement } from "react";
import { slotOf, type Catalog } from "../../../graph/model/catalog";
import { callOf, isObject, startsRuns, textOf, type JsonObject, type Step } from "../../../graph/model/document";
import { ChoiceField } from "../../controls/fields";
import { CallForm } from "../calls/CallForm";
import { ProposedUndo } from "../calls/ProposedUndo";
import type { SetFields } from "../calls/setFields";

interface Props {
  readonly step: Step;
  readonly catalog: Catalog;
  readonly set: SetFields;
}

export function CompensationForm({ step, catalog, set }: Props): ReactElement {
  const own = step.compensation ?? null;
  const standard = slotOf({ ...step, compensation: null }, catalog).text;
  const rollsBack = isObject(own) && own.rollback === true;
  const call = callOf(own);
  const holds = rollsBack ? "rollback" : call ? "worker" : own === "none" || own === "irreversible" ? own : "";
  const begun: Readonly<Record<string, JsonObject>> = { worker: { worker: catalog.get(textOf(step.worker))?.compensation ?? "" }, rollback: { rollback: true } };
  const choose = (next: string): void => set({ compensation: begun[next] ?? (next || null) }, "undo");
  return <>
    <ChoiceField label="Undo" at="compensation" value={holds} change={choose}
      options={[["", `${startsRuns(step) ? "As usual" : "As its worker says"}: ${standard}`], ["worker", "This worker undoes it"], ...(step.detached === true ? [["rollback", "Roll that run back"] as const] : []), ["none", "Nothing to undo"], ["irreversible", "It cannot be undone"]]} />
    {own === null && <ProposedUndo step={step} take={(compensation) => set({ compensation }, "undo")} />}
    {call && (
      <CallForm label="Undone by" what="undo" at="compensation" call={call} catalog={catalog} hint="It must be safe to run twice, and on nothing at all"
        put={(compensation, topic) => set({ compensation }, topic)} />
    )}
  </>;
}
