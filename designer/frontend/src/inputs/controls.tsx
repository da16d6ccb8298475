/** Controls of single values. Each shows what is there, writes only what a person changed, and says what is wrong with it. */
import { useEffect, useId, useState, type ReactElement, type ReactNode } from "react";
import { jsonIn, numberIn, readJson, same, writeJson, type Json } from "../shared/json";
import { localText, zonedText } from "../shared/time";
import { useForm } from "./context";
import { textOf, type Shape } from "./schema";
import { pointerOf, type Place } from "./value";

export interface FieldProps {
  readonly shape: Shape;
  readonly place: Place;
  readonly label: string;
  readonly value: Json | undefined;
  readonly isNeeded: boolean;
  /** Buttons of the list or the object around the field. */
  readonly tools?: ReactNode;
}

interface Parts {
  readonly id: string;
  readonly aria: { readonly "aria-invalid": true | undefined; readonly "aria-describedby": string | undefined };
  readonly frame: (control: ReactNode, own?: string) => ReactElement;
}

const LONG_TEXT = 200;
const SEALED = "••••••••:";
const DATE = /^\d{4}-\d{2}-\d{2}$/;
const INSTANT = /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}(:\d{2})?(\.0+)?([Zz]|[+-]\d{2}:\d{2})$/;

/** Label, problems and hint around a control. `own`: what the control itself finds wrong; `inside`: with problems of what lies within. */
export function useParts({ shape, place, label, isNeeded, tools }: FieldProps, own = "", inside = false): Parts {
  const id = useId();
  const pointer = pointerOf(place);
  const told = [...useForm().problems].filter(([other]) => other === pointer || (inside && other.startsWith(`${pointer}/`)));
  const problems = [...(own ? [own] : []), ...told.flatMap(([other, texts]) => texts.map((text) => (other === pointer ? text : `${other.slice(pointer.length + 1)}: ${text}`)))];
  const describedBy = [problems.length > 0 && `${id}-wrong`, shape.hint && `${id}-hint`].filter(Boolean).join(" ");
  return {
    id,
    aria: { "aria-invalid": problems.length > 0 || undefined, "aria-describedby": describedBy || undefined },
    frame: (control) => (
      <div className="field" data-pointer={pointer}>
        <div className="input-label"><label htmlFor={id}>{label}{isNeeded && <span className="input-needed"> needed</span>}</label><span>{tools}</span></div>
        {control}
        <Problems id={`${id}-wrong`} texts={problems} />
        {shape.hint && <p className="field-help" id={`${id}-hint`}>{shape.hint}</p>}
      </div>
    ),
  };
}

export function Problems({ id, texts }: { readonly id: string; readonly texts: readonly string[] }): ReactElement | null {
  if (!texts.length) return null;
  return <div id={id}>{texts.map((text) => <p key={text} className="field-error"><svg className="icon" aria-hidden="true"><use href="#i-alert" /></svg><span>{text}</span></p>)}</div>;
}

export function TextControl(props: FieldProps): ReactElement {
  const { shape: { schema }, value, place } = props;
  const { put } = useForm();
  const text = textOf(value);
  const format = textOf(schema.format);
  const isSecret = schema.writeOnly === true || format === "password";
  const isLong = format === "multiline" || Number(schema.maxLength) > LONG_TEXT || text.includes("\n");
  const { id, aria, frame } = useParts(props);
  const common = { id, ...aria, placeholder: placeholderOf(schema.default), dir: "auto", onChange: ({ target }: { target: { value: string } }): void => put(place, target.value === "" ? cleared(place, "") : target.value) };
  if (isSecret) {
    const isSealed = text.startsWith(SEALED);
    return frame(<input {...common} className="input" type="password" autoComplete="new-password" value={isSealed ? "" : text} placeholder={isSealed ? "Kept as it is; type to replace it" : ""} />);
  }
  if (format === "date" && (text === "" || DATE.test(text))) return frame(<input {...common} className="input" type="date" value={text} />);
  if (format === "date-time" && (text === "" || INSTANT.test(text))) return frame(<Instant {...common} text={text} change={(next) => put(place, next || cleared(place, ""))} />);
  if (isLong) return frame(<textarea {...common} className="textarea" rows={4} value={text} />);
  const type = format === "email" ? "email" : format === "uri" ? "url" : "text";
  return frame(<input {...common} className="input" type={type} value={text} autoComplete="off" spellCheck={type === "text"} />);
}

interface InstantProps {
  readonly text: string;
  readonly change: (text: string) => void;
}

/** A moment in the reader's zone, kept with its zone. */
function Instant({ text, change, onChange: _, placeholder: __, ...others }: InstantProps & { readonly onChange: unknown; readonly placeholder: unknown }): ReactElement {
  return <>
    <input {...others} className="input" type="datetime-local" step="1" value={localText(text, true)} onChange={({ target }) => change(zonedText(target.value))} />
    <p className="field-help">In your time zone, {Intl.DateTimeFormat().resolvedOptions().timeZone}</p>
  </>;
}

/** Digits as they are typed. A browser's own number field would change its value under the mouse wheel. */
export function NumberControl(props: FieldProps): ReactElement {
  const { shape: { schema }, value, place } = props;
  const { put } = useForm();
  const written = value === undefined || value === null ? "" : writeJson(value);
  const [text, setText] = useState(written);
  useEffect(() => setText((typed) => (writtenOf(typed) === written ? typed : written)), [written]);
  const wrong = text.trim() === "" || numberIn(text.trim()) !== null ? "" : "This is not a number.";
  const { id, aria, frame } = useParts(props, wrong);
  const edit = (next: string): void => {
    setText(next);
    const number = numberIn(next.trim());
    if (number !== null) put(place, number);
    else if (!next.trim()) put(place, cleared(place, null));
  };
  return frame(<input id={id} {...aria} className="input" inputMode={schema.type === "integer" ? "numeric" : "decimal"} data-checked={wrong} autoComplete="off" placeholder={placeholderOf(schema.default)} value={text} onChange={({ target }) => edit(target.value)} />);
}

/** Yes or no, or not stated, which a checkbox cannot say. */
export function FlagControl(props: FieldProps): ReactElement {
  const { value, place } = props;
  return <ChoiceControl {...props} shape={{ ...props.shape, options: [{ value: true, label: "Yes" }, { value: false, label: "No" }] }} value={value} place={place} />;
}

export function ChoiceControl(props: FieldProps): ReactElement {
  const { shape: { options, schema }, value, place } = props;
  const { put } = useForm();
  const { id, aria, frame } = useParts(props);
  const chosen = value === undefined ? -1 : options.findIndex((option) => same(option.value, value));
  const isOther = value !== undefined && value !== null && chosen < 0;
  const choose = (index: string): void => {
    const option = options[Number(index)];
    if (index === "") put(place, cleared(place, null));
    else if (option) put(place, option.value);
  };
  const standard = schema.default === undefined ? "" : ` (${options.find((option) => same(option.value, schema.default ?? null))?.label ?? writeJson(schema.default)} if left out)`;
  return frame(
    <select id={id} {...aria} className="select" value={chosen < 0 ? (isOther ? "other" : "") : String(chosen)} onChange={({ target }) => choose(target.value)}>
      <option value="">{`—${standard}`}</option>
      {isOther && <option value="other">{writeJson(value)}</option>}
      {options.map(({ label }, index) => <option key={index} value={index}>{label}</option>)}
    </select>,
  );
}

/** Any JSON. Text that is no JSON stays in the field, is reported there and keeps the form from being sent. */
export function JsonControl(props: FieldProps): ReactElement {
  const { value, place } = props;
  const { put } = useForm();
  const written = value === undefined ? "" : writeJson(value, 2);
  const [text, setText] = useState(written);
  useEffect(() => setText((typed) => (writtenOf(typed, 2) === written ? typed : written)), [written]);
  const wrong = text.trim() === "" ? "" : wrongWith(text);
  const { id, aria, frame } = useParts(props, wrong, true);
  const edit = (next: string): void => {
    setText(next);
    const read = jsonIn(next);
    if (read !== undefined) put(place, read);
    else if (!next.trim()) put(place, cleared(place, null));
  };
  return frame(<textarea id={id} {...aria} className="textarea code input-json" rows={Math.min(10, text.split("\n").length + 1)} data-checked={wrong} spellCheck={false} value={text} placeholder="JSON" onChange={({ target }) => edit(target.value)} />);
}

/** An empty field states nothing; an item of a list cannot be left out, so it keeps a place. */
export function cleared(place: Place, empty: Json): Json | undefined {
  return typeof place.at(-1) === "number" ? empty : undefined;
}

function writtenOf(text: string, indent = 0): string {
  const value = jsonIn(text);
  return value === undefined ? text.trim() && "\u0000" : writeJson(value, indent);
}

function wrongWith(text: string): string {
  try {
    readJson(text);
    return "";
  } catch (error) {
    return error instanceof Error ? `This is no JSON yet: ${error.message}` : "This is no JSON yet.";
  }
}

function placeholderOf(standard: Json | undefined): string | undefined {
  return standard === undefined ? undefined : `${typeof standard === "string" ? standard : writeJson(standard)} if left out`;
}
