/** A field for an expression, with completion and a preview of its value. */
import { lazy, Suspense, useId, useState, type ReactElement } from "react";
import { useFieldProblems } from "../../controls/inspected";
import { useKnown, usePreview, type Preview } from "./usePreview";
import type { EditorProps } from "./CodeEditor";
import { FieldProblem } from "../../controls/FieldProblem";

/** Loaded at once, so that it works when the connection is lost later; without it, plain text is edited. */
const loading = import("./CodeEditor").catch(() => ({ default: PlainEditor }));
const CodeEditor = lazy(() => loading);

interface Props {
  readonly label: string;
  readonly at: string;
  /** The bare expression, without a leading `=`. */
  readonly value: string;
  readonly change: (value: string) => void;
  readonly hint?: string | undefined;
}

export function ExpressionField({ label, at, value, change, hint }: Props): ReactElement {
  const id = useId();
  const [isUsed, use] = useState(false);
  const known = useKnown(at, isUsed);
  const preview = usePreview(at, value);
  const problems = useFieldProblems(at);
  const isWrong = problems.length > 0;
  const editor = { label, describedBy: `${id}-says`, isWrong, value, known, hasFocus: isUsed, change };
  return (
    <div className="field" data-field={at} onFocus={() => use(true)}>
      <span className="field-label">{label}</span>
      <Suspense fallback={<PlainEditor {...editor} />}><CodeEditor {...editor} /></Suspense>
      <div id={`${id}-says`}>
        <FieldProblem problems={problems} />
        {!isWrong && <Shown preview={preview} />}
        {hint && <p className="hint">{hint}</p>}
      </div>
    </div>
  );
}

function PlainEditor({ label, describedBy, isWrong, value, change }: EditorProps): ReactElement {
  return (
    <textarea className="textarea code" rows={2} aria-label={label} aria-describedby={describedBy} aria-invalid={isWrong} value={value} spellCheck={false}
      onChange={(event) => change(event.target.value)} />
  );
}

function Shown({ preview }: { readonly preview: Preview | null }): ReactElement | null {
  if (!preview) return null;
  if ("error" in preview) return <p className="preview" data-tone="care"><span className="sr-only">Preview: </span>{preview.error}</p>;
  return <p className="preview" data-tone="go"><span aria-hidden="true">→ </span><span className="sr-only">Gives </span><span className="code">{preview.text}{preview.truncated && "…"}</span> <span className="muted">{preview.type}</span></p>;
}
