/** The inspector of one step. */
import { useContext, useEffect, useState, type ReactElement } from "react";
import { KindForm } from "./KindForm";
import { ExpressionField } from "../fields/ExpressionField";
import { FailureForm } from "./FailureForm";
import { WantedFieldContext } from "../../controls/wantedField";
import { OtherProblems } from "../../controls/OtherProblems";
import { FieldFocus } from "../fields/FieldFocus";
import type { SetFields } from "../calls/setFields";
import { CompensationForm } from "./CompensationForm";
import type { Catalog } from "../../../graph/model/catalog";
import { isObject, stated, textOf, traitsOf, type Step } from "../../../graph/model/document";
import { tabOf, TABS, type Tab } from "../../model/fields";
import { JsonField, NameField, TextField } from "../../controls/fields";

export { WORKERS_LIST, WORKFLOWS_LIST } from "../calls/setFields";

interface Props {
  readonly step: Step;
  readonly catalog: Catalog;
  /** Names of the other steps. */
  readonly taken: readonly string[];
  readonly put: (step: Step, topic: string) => void;
  readonly links: ReactElement;
  /** The tab that is open at first. */
  readonly start: string | null;
}

export function StepForm({ step, catalog, taken, put, links, start }: Props): ReactElement {
  const [tab, setTab] = useState<Tab>(TABS.find((name) => name === start) ?? "Step");
  const { wanted } = useContext(WantedFieldContext);
  useEffect(() => { if (wanted) setTab(tabOf(wanted.field)); }, [wanted]);
  const { fields: known } = traitsOf(step);
  const set: SetFields = (fields, topic = Object.keys(fields)[0]) => put({ name: step.name ?? "", ...stated({ ...step, ...fields }) }, topic ?? "");
  const tabs = TABS.filter((name) => name !== "Undo" || known.includes("compensation"));
  const shown = tabs.includes(tab) ? tab : "Step";
  return (
    <>
      <div className="tabs" role="group" aria-label="Parts of the step">
        {tabs.map((name) => <button key={name} type="button" aria-pressed={shown === name} onClick={() => setTab(name)}>{name}</button>)}
      </div>
      <OtherProblems isShown={(field) => field !== "" && tabOf(field) === shown} />
      {shown === "Step" && <>
        <TextField label="Title" at="title" value={textOf(step.title)} change={(title) => set({ title })} />
        <NameField label="Name" at="name" taken={taken} value={textOf(step.name)} change={(name) => put({ ...step, name }, "name")} hint="Small letters, digits and _; expressions read it as steps.name, and follow when it changes" />
        <KindForm step={step} catalog={catalog} set={set} />
        <ExpressionField label="Only when" at="when" value={textOf(step.when)} change={(when) => set({ when })} hint="A condition such as size(context.items) > 0; if false, the step is skipped" />
        <TextField label="Put its output under" at="output_key" value={textOf(step.output_key)} change={(output_key) => set({ output_key })} code hint="A key of the context; left empty, the output is merged into it" />
        {links}
      </>}
      {shown === "Undo" && <CompensationForm step={step} catalog={catalog} set={set} />}
      {shown === "Failure" && <FailureForm step={step} catalog={catalog} set={set} />}
      {shown === "Notes" && <TextField label="Notes" at="notes" value={textOf(step.notes)} change={(notes) => set({ notes })} rows={8} />}
      {shown === "JSON" && <JsonField label="The step as JSON" value={step} rows={18} accepts={isObject} wanted="a step is an object" change={(value) => isObject(value) && put(value, "json")} />}
      <FieldFocus tab={shown} />
    </>
  );
}
