/** A list of patterns of error codes, with the product's own codes as suggestions. */
import { useId, useState, type KeyboardEvent, type ReactElement } from "react";
import type { Json } from "../../../graph/model/document";
import { FieldProblem } from "../../controls/FieldProblem";
import { useFieldProblems } from "../../controls/inspected";
import { ERROR_CODES } from "../../model/errorCodes";

interface Props {
  readonly label: string;
  readonly at: string;
  readonly value: Json | undefined;
  readonly hint?: string;
  /** `null`: none is left. */
  readonly change: (patterns: readonly string[] | null) => void;
}

export function PatternsField({ label, at, value, hint, change }: Props): ReactElement {
  const id = useId();
  const [text, setText] = useState("");
  const problems = useFieldProblems(at, true);
  const patterns = Array.isArray(value) ? value.filter((pattern) => typeof pattern === "string") : [];
  const add = (): void => {
    const wanted = text.split(/[\s,]+/).filter((pattern) => pattern && !patterns.includes(pattern));
    if (wanted.length) change([...patterns, ...wanted]);
    setText("");
  };
  const press = (event: KeyboardEvent): void => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    add();
  };
  const without = (pattern: string): void => {
    const left = patterns.filter((other) => other !== pattern);
    change(left.length ? left : null);
  };
  return (
    <div className="field" data-field={at}>
      <label htmlFor={id}>{label}</label>
      {patterns.length > 0 && (
        <ul className="patterns">
          {patterns.map((pattern) => <li key={pattern}><span className="code">{pattern}</span><button type="button" aria-label={`Remove ${pattern}`} onClick={() => without(pattern)}>×</button></li>)}
        </ul>
      )}
      <div className="add-pattern">
        <input id={id} className="input input-sm code" list={`${id}-codes`} value={text} autoComplete="off" spellCheck={false} placeholder="any"
          aria-invalid={problems.length > 0 || undefined} aria-describedby={`${id}-says`} onKeyDown={press} onChange={(event) => setText(event.target.value)} />
        <button type="button" className="btn btn-sm" disabled={!text.trim()} onClick={add}>Add<span className="sr-only"> to {label}</span></button>
      </div>
      <datalist id={`${id}-codes`}>{ERROR_CODES.map((code) => <option key={code} value={code} />)}</datalist>
      <div id={`${id}-says`}><FieldProblem problems={problems} />{hint && <p className="hint">{hint}</p>}</div>
    </div>
  );
}
