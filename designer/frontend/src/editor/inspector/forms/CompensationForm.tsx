/** The undo slot of a step. */
import type { ReactElement } from "react";
import { slotOf, type Catalog } from "../../../graph/model/catalog";
import { isObject, textOf, type Step } from "../../../graph/model/document";
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
  const holds = isObject(own) ? "worker" : own === "none" || own === "irreversible" ? own : "";
  const choose = (next: string): void => set({ compensation: next === "worker" ? { worker: catalog.get(textOf(step.worker))?.compensation ?? "" } : next || null }, "undo");
  return <>
    <ChoiceField label="Undo" at="compensation" value={holds} change={choose}
      options={[["", `As its worker says: ${standard}`], ["worker", "This worker undoes it"], ["none", "Nothing to undo"], ["irreversible", "It cannot be undone"]]} />
    {isObject(own) && (
      <CallForm label="Undone by" what="undo" at="compensation" call={own} catalog={catalog} hint="It must be safe to run twice, and on nothing at all"
        put={(compensation, topic) => set({ compensation }, topic)} />
    )}
  </>;
}
