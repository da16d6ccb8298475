/** Fields of the inspector: a label, a control, what is wrong with it. */
import { useEffect, useId, useState, type ReactElement } from "react";
import type { Json } from "../model/document";

interface Common {
  readonly label: string;
  readonly hint?: string | undefined;
}
interface TextProps extends Common {
  readonly value: string;
  readonly change: (value: string) => void;
  readonly code?: boolean;
  readonly rows?: number;
  readonly list?: string;
}

export function TextField({ label, hint, value, change, code, rows, list }: TextProps): ReactElement {
  const id = useId();
  const look = code ? "code" : "";
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {rows
        ? <textarea id={id} className={`textarea ${look}`} rows={rows} value={value} spellCheck={!code} onChange={(event) => change(event.target.value)} />
        : <input id={id} className={`input input-sm ${look}`} value={value} list={list} spellCheck={!code} autoComplete="off" onChange={(event) => change(event.target.value)} />}
      {hint && <p className="hint">{hint}</p>}
    </div>
  );
}

interface NumberProps extends Common {
  readonly value: Json | undefined;
  readonly change: (value: number | null) => void;
  readonly placeholder?: string;
}

/** An empty field means that nothing is stated. */
export function NumberField({ label, hint, value, change, placeholder }: NumberProps): ReactElement {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <input id={id} className="input input-sm" type="number" step="any" min="0" placeholder={placeholder}
        value={typeof value === "number" ? value : ""}
        onChange={(event) => change(event.target.value === "" ? null : event.target.valueAsNumber)} />
      {hint && <p className="hint">{hint}</p>}
    </div>
  );
}

interface ChoiceProps extends Common {
  readonly value: string;
  readonly options: readonly (readonly [value: string, text: string])[];
  readonly change: (value: string) => void;
}

export function ChoiceField({ label, hint, value, options, change }: ChoiceProps): ReactElement {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <select id={id} className="select select-sm" value={value} onChange={(event) => change(event.target.value)}>
        {options.map(([key, text]) => <option key={key} value={key}>{text}</option>)}
      </select>
      {hint && <p className="hint">{hint}</p>}
    </div>
  );
}

interface FlagProps extends Common {
  readonly value: boolean;
  readonly change: (value: boolean) => void;
}

export function FlagField({ label, hint, value, change }: FlagProps): ReactElement {
  const id = useId();
  return (
    <div className="field">
      <div className="flag">
        <input id={id} type="checkbox" checked={value} onChange={(event) => change(event.target.checked)} />
        <label htmlFor={id}>{label}</label>
      </div>
      {hint && <p className="hint">{hint}</p>}
    </div>
  );
}

interface JsonProps extends Common {
  readonly value: Json | undefined;
  readonly change: (value: Json | undefined) => void;
  readonly rows?: number;
  readonly accepts?: (value: Json) => boolean;
  readonly wanted?: string;
}

/** JSON as text; what cannot be read stays in the field, is told, and changes nothing. Empty: not stated. */
export function JsonField({ label, hint, value, change, rows = 6, accepts = () => true, wanted = "" }: JsonProps): ReactElement {
  const id = useId();
  const written = value === undefined ? "" : JSON.stringify(value, null, 2);
  const [text, setText] = useState(written);
  const [known, setKnown] = useState(written);
  const [problem, setProblem] = useState("");
  useEffect(() => {
    if (written === known) return;
    setKnown(written);
    setText(written);
    setProblem("");
  }, [written, known]);
  const edit = (next: string): void => {
    setText(next);
    const read = readText(next);
    const wrong = "problem" in read ? read.problem : read.value !== undefined && !accepts(read.value) ? wanted : "";
    setProblem(wrong);
    if (wrong || !("value" in read)) return;
    setKnown(read.value === undefined ? "" : JSON.stringify(read.value, null, 2));
    change(read.value);
  };
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <textarea id={id} className="textarea code" rows={rows} value={text} spellCheck={false}
        aria-invalid={problem !== ""} aria-describedby={problem ? `${id}-problem` : undefined} onChange={(event) => edit(event.target.value)} />
      {problem && <p className="field-error" id={`${id}-problem`}>Not taken over: {problem}</p>}
      {hint && <p className="hint">{hint}</p>}
    </div>
  );
}

function readText(text: string): { value: Json | undefined } | { problem: string } {
  if (!text.trim()) return { value: undefined };
  try {
    return { value: JSON.parse(text) as Json };
  } catch (error) {
    return { problem: error instanceof Error ? error.message : "this is no JSON" };
  }
}
