/** What differs between two documents, in words. */
import type { ReactElement } from "react";
import { compare } from "../model/compare";
import type { Document } from "../model/document";

const SHOWN_MAX = 40;
const WORD = { added: "Added", removed: "Removed", changed: "Changed" };

export function Differences({ before, after }: { readonly before: Document; readonly after: Document }): ReactElement {
  const found = compare(before, after);
  if (!found.length) return <p className="muted">Nothing but the places on the canvas.</p>;
  return (
    <ul className="differences">
      {found.slice(0, SHOWN_MAX).map(({ what, subject, fields }) => (
        <li key={what + subject}><strong>{WORD[what]}</strong> {subject}{fields.length > 0 && <span className="muted">: {fields.join(", ")}</span>}</li>
      ))}
      {found.length > SHOWN_MAX && <li className="muted">and {found.length - SHOWN_MAX} more</li>}
    </ul>
  );
}
