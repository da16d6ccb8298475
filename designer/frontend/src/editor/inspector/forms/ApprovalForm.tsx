/** An approval: the question, who is asked, what the answer consists of, and what follows when nobody answers. */
import type { ReactElement } from "react";
import { isObject, textOf, type Json, type Step } from "../../../graph/model/document";
import { isExpression } from "../../model/params";
import { ChoiceField, FlagField, JsonField, NumberField, TextField } from "../../controls/fields";
import { Switchable } from "../fields/Switchable";
import type { SetFields } from "../calls/setFields";

interface Props {
  readonly step: Step;
  readonly set: SetFields;
}

export function ApprovalForm({ step, set }: Props): ReactElement {
  return <>
    <Switchable label="Question" at="message" value={step.message} first="'Is ' + string(context.total) + ' right?'" put={(message) => set({ message: message ?? null })}>
      <TextField label="Question" at="message" value={textOf(step.message)} change={(message) => set({ message })} rows={3} hint="What the person who approves is asked" />
    </Switchable>
    <Switchable label="Who is asked" at="assignees" value={isExpression(step.assignees) ? step.assignees : undefined} first="context.approvers" put={(assignees) => set({ assignees: assignees ?? null })}>
      <TextField label="Who is asked" at="assignees" value={writtenNames(step.assignees)} change={(names) => set({ assignees: namesIn(names) })} rows={2}
        hint="Usernames and group:NAME, one a line; left empty: everybody who may operate runs" />
    </Switchable>
    <JsonField label="Form of the answer (JSON Schema)" at="form" value={step.form} change={(form) => set({ form: form ?? null })} accepts={isObject} wanted="a schema is an object" />
    <FlagField label="Rejecting it needs a comment" at="comment_required" value={step.comment_required === true} change={(on) => set({ comment_required: on || null })} />
    <NumberField label="Remind after (seconds)" at="remind_after" value={step.remind_after} placeholder="never" change={(remind_after) => set({ remind_after })} hint="By mail, again and again until somebody answers, ten times at most" />
    <ChoiceField label="If nobody answers before the timeout" at="on_timeout" value={textOf(step.on_timeout)} options={ON_TIMEOUT} change={(on_timeout) => set({ on_timeout: on_timeout || null })} />
  </>;
}

const ON_TIMEOUT: readonly (readonly [value: string, text: string])[] = [
  ["", "The step fails"], ["approve", "It counts as approved"], ["reject", "It counts as rejected"],
];

function writtenNames(value: Json | undefined): string {
  return Array.isArray(value) ? value.map((name) => (typeof name === "string" ? name : "")).join("\n") : "";
}

/** The line that is being written may be empty: it stays until another field is edited. */
function namesIn(text: string): string[] | null {
  const names = text.split("\n");
  return names.some((name) => name.trim()) ? names : null;
}
