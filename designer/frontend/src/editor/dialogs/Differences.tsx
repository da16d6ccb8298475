/** The differences between two documents, in words. */
import type { ReactElement } from "react";
import { writeJson } from "../../shared/json";
import { compare, type FieldChange } from "../model/compare";
import type { Document, Json } from "../../graph/model/document";

const SHOWN_MAX = 40;
const FIELDS_MAX = 12;
const TEXT_MAX = 60;
const WORD = { added: "Added", removed: "Removed", changed: "Changed" };

interface Props {
  readonly before: Document;
  readonly after: Document;
  readonly nothing?: string;
}

export function Differences({ before, after, nothing = "Nothing but the places on the canvas." }: Props): ReactElement {
  const differences = compare(before, after);
  if (!differences.length) return <p className="muted">{nothing}</p>;
  return (
    <ul className="differences">
      {differences.slice(0, SHOWN_MAX).map(({ what, subject, fields }) => (
        <li key={what + subject} data-what={what}><strong>{WORD[what]}</strong> {subject}<Fields fields={fields} /></li>
      ))}
      {differences.length > SHOWN_MAX && <li className="muted">and {differences.length - SHOWN_MAX} more</li>}
    </ul>
  );
}

function Fields({ fields }: { readonly fields: readonly FieldChange[] }): ReactElement | null {
  if (!fields.length) return null;
  return (
    <ul>
      {fields.slice(0, FIELDS_MAX).map(({ field, before, after }) => (
        <li key={field}><span className="code">{field}</span>: <del>{inShort(before)}</del> <span aria-hidden="true">→</span><span className="sr-only">becomes</span> <ins>{inShort(after)}</ins></li>
      ))}
      {fields.length > FIELDS_MAX && <li className="muted">and {fields.length - FIELDS_MAX} more fields</li>}
    </ul>
  );
}

/** A value as far as there is room for it. */
export function inShort(value: Json | undefined): string {
  if (value === undefined) return "not stated";
  const text = typeof value === "string" ? value : writeJson(value);
  return text.length > TEXT_MAX ? `${text.slice(0, TEXT_MAX - 1)}…` : text || "empty";
}
