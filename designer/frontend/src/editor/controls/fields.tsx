/** Fields of forms: a label, a control, its problems and a hint. */
import { useEffect, useId, useState, type ReactElement, type ReactNode } from "react";
import { useFieldProblems } from "./inspected";
import { FieldProblem } from "./FieldProblem";
import { isNumber, numberIn, readJson, writeJson, type Json, type JsonNumber } from "../../shared/json";

interface Common {
  readonly label: string;
  readonly hint?: string | undefined;
  /** The field's path within what is inspected, as problems name it. */
  readonly at?: string;
}

interface FieldParts {
  readonly id: string;
  readonly aria: { readonly "aria-invalid": true | undefined; readonly "aria-describedby": string | undefined };
  readonly below: ReactNode;
}

/** The accessible state of a field's control, and the problems and hint below it. */
function useField({ at, hint }: Common, inside = false): FieldParts {
  const id = useId();
  const problems = useFieldProblems(at, inside);
  const isWrong = problems.length > 0;
  const describedBy = [isWrong && `${id}-wrong`, hint && `${id}-hint`].filter(Boolean).join(" ");
  return {
    id,
    aria: { "aria-invalid": isWrong || undefined, "aria-describedby": describedBy || undefined },
    below: <><FieldProblem id={`${id}-wrong`} problems={problems} />{hint && <p className="hint" id={`${id}-hint`}>{hint}</p>}</>,
  };
}

interface TextProps extends Common {
  readonly value: string;
  readonly change: (value: string) => void;
  readonly code?: boolean;
  readonly rows?: number;
  readonly list?: string;
}

export function TextField(props: TextProps): ReactElement {
  const { label, at, value, change, code, rows, list } = props;
  const { id, aria, below } = useField(props);
  const look = code ? "code" : "";
  return (
    <div className="field" data-field={at}>
      <label htmlFor={id}>{label}</label>
      {rows
        ? <textarea id={id} {...aria} className={`textarea ${look}`} rows={rows} value={value} spellCheck={!code} dir="auto" onChange={(event) => change(event.target.value)} />
        : <input id={id} {...aria} className={`input input-sm ${look}`} value={value} list={list} spellCheck={!code} autoComplete="off" dir="auto" onChange={(event) => change(event.target.value)} />}
      {below}
    </div>
  );
}

interface NameProps extends TextProps {
  /** Names of others. */
  readonly taken: readonly string[];
}

/** A name that others refer to. One that is empty or taken, as on the way to a longer one, is told here and changes nothing. */
export function NameField({ taken, value, change, ...others }: NameProps): ReactElement {
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  const refusalOf = (name: string): string => (!name ? "a name is needed" : taken.includes(name) ? "something else has this name" : "");
  const refusal = text === value ? "" : refusalOf(text);
  const edit = (name: string): void => {
    setText(name);
    if (!refusalOf(name)) change(name);
  };
  return <>
    <TextField {...others} value={text} change={edit} code />
    {refusal && <p className="field-error" role="status">Not taken over: {refusal}</p>}
  </>;
}

interface NumberProps extends Common {
  readonly value: Json | undefined;
  readonly change: (value: JsonNumber | null) => void;
  readonly placeholder?: string;
}

/** An empty field means that nothing is stated. */
export function NumberField(props: NumberProps): ReactElement {
  const { label, at, value, change, placeholder } = props;
  const { id, aria, below } = useField(props);
  return (
    <div className="field" data-field={at}>
      <label htmlFor={id}>{label}</label>
      <input id={id} {...aria} className="input input-sm" type="number" step="any" min="0" placeholder={placeholder}
        value={isNumber(value) ? String(value) : ""}
        onChange={({ target }) => change(target.value === "" ? null : numberIn(target.value) ?? target.valueAsNumber)} />
      {below}
    </div>
  );
}

interface ChoiceProps extends Common {
  readonly value: string;
  readonly options: readonly (readonly [value: string, text: string])[];
  readonly change: (value: string) => void;
}

export function ChoiceField(props: ChoiceProps): ReactElement {
  const { label, at, value, options, change } = props;
  const { id, aria, below } = useField(props);
  return (
    <div className="field" data-field={at}>
      <label htmlFor={id}>{label}</label>
      <select id={id} {...aria} className="select select-sm" value={value} onChange={(event) => change(event.target.value)}>
        {options.map(([key, text]) => <option key={key} value={key}>{text}</option>)}
      </select>
      {below}
    </div>
  );
}

interface FlagProps extends Common {
  readonly value: boolean;
  readonly change: (value: boolean) => void;
}

export function FlagField(props: FlagProps): ReactElement {
  const { label, at, value, change } = props;
  const { id, aria, below } = useField(props);
  return (
    <div className="field" data-field={at}>
      <div className="flag">
        <input id={id} {...aria} type="checkbox" checked={value} onChange={(event) => change(event.target.checked)} />
        <label htmlFor={id}>{label}</label>
      </div>
      {below}
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

/** JSON as text. Text that is no JSON stays in the field, is reported there and changes nothing. Empty: not stated. */
export function JsonField(props: JsonProps): ReactElement {
  const { label, at, value, change, rows = 6, accepts = () => true, wanted = "" } = props;
  const { id, aria, below } = useField(props, true);
  const written = value === undefined ? "" : writeJson(value, 2);
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
    setKnown(read.value === undefined ? "" : writeJson(read.value, 2));
    change(read.value);
  };
  return (
    <div className="field" data-field={at}>
      <label htmlFor={id}>{label}</label>
      <textarea id={id} className="textarea code" rows={rows} value={text} spellCheck={false} {...aria}
        aria-invalid={problem !== "" || aria["aria-invalid"]} aria-describedby={problem ? `${id}-problem` : aria["aria-describedby"]} onChange={(event) => edit(event.target.value)} />
      {problem && <p className="field-error" id={`${id}-problem`}>Not taken over: {problem}</p>}
      {below}
    </div>
  );
}

function readText(text: string): { value: Json | undefined } | { problem: string } {
  if (!text.trim()) return { value: undefined };
  try {
    return { value: readJson(text) };
  } catch (error) {
    return { problem: error instanceof Error ? error.message : "this is no JSON" };
  }
}
