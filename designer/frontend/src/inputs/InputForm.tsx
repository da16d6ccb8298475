/** A form over a JSON text: what is changed in one is at once in the other. */
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState, type ReactElement } from "react";
import { isObject, readJson, writeJson, type Json, type JsonObject } from "../shared/json";
import { FormContext, type FormState } from "./context";
import { Faults, type FaultData } from "./Faults";
import { Members } from "./Fields";
import { shapeOf } from "./schema";
import { put, sizeOf, type Place } from "./value";

/** A larger value is edited as text: its fields would be neither fast nor of use. */
const VALUES_MAX = 3_000;

export interface InputData {
  readonly schema: JsonObject;
  readonly problems: readonly { readonly pointer: string; readonly message: string }[];
  readonly faults: FaultData | null;
}

type Read = { readonly value: JsonObject } | { readonly why: string };

export function InputForm({ data, text }: { readonly data: InputData; readonly text: HTMLTextAreaElement }): ReactElement {
  const [read, change] = useText(text);
  const { state, root } = useMemo(() => ({
    state: { schema: data.schema, problems: byPointer(data.problems), put: change } satisfies FormState,
    root: shapeOf(data.schema, data.schema).schema,
  }), [data, change]);
  const frame = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => focusFirst(frame.current, data, text), [data, text]);
  const { faults } = data;
  return (
    <FormContext value={state}>
      <div ref={frame} className="input-form">
        {"why" in read
          ? <p className="notice" data-tone="care" role="status">{read.why}</p>
          : <Members schema={root} place={[]} value={read.value} without={new Set(faults ? [faults.key] : [])} />}
        {"value" in read && faults && <Faults faults={faults} value={read.value[faults.key]} />}
      </div>
    </FormContext>
  );
}

/** The value in the text, and what changes it there. A text that a person writes is never rewritten while it is read. */
function useText(text: HTMLTextAreaElement): [Read, FormState["put"]] {
  const [read, setRead] = useState(() => readText(text.value));
  const written = useRef(text.value);
  const value = useRef<JsonObject>({});
  if ("value" in read) value.current = read.value;
  useEffect(() => {
    const follow = (): void => {
      if (text.value === written.current) return;
      written.current = text.value;
      setRead(readText(text.value));
    };
    text.addEventListener("input", follow);
    addEventListener("pageshow", follow);
    return () => {
      text.removeEventListener("input", follow);
      removeEventListener("pageshow", follow);
    };
  }, [text]);
  const change = useCallback((place: Place, next: Json | undefined): void => {
    const changed = put(value.current, place, next);
    value.current = isObject(changed) ? changed : {};
    written.current = text.value = writeJson(value.current, 2);
    text.dispatchEvent(new Event("input", { bubbles: true }));
    setRead({ value: value.current });
  }, [text]);
  return [read, change];
}

function readText(text: string): Read {
  try {
    const value = text.trim() ? readJson(text) : {};
    if (!isObject(value)) return { why: "The input is an object, such as {\"key\": 1}. Once the JSON is one, its fields stand here." };
    if (sizeOf(value, VALUES_MAX) > VALUES_MAX) return { why: "This input is too large for a form. Edit it as JSON." };
    return { value };
  } catch {
    return { why: "The JSON cannot be read at the moment. Once it can, its fields stand here again." };
  }
}

function byPointer(problems: InputData["problems"]): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const { pointer, message } of problems) found.set(pointer, [...(found.get(pointer) ?? []), message]);
  return found;
}

/** Goes to the first field that is wrong, or to the field around its place. */
function focusFirst(frame: HTMLElement | null, { problems }: InputData, text: HTMLTextAreaElement): void {
  const [first] = problems;
  if (!first || !frame) return;
  const isToldAtFields = problems.every(({ message }) => frame.textContent.includes(message));
  if (isToldAtFields) text.closest(".field")?.querySelectorAll(":scope > .field-error").forEach((said) => said.remove());
  for (let pointer = first.pointer; pointer; pointer = pointer.slice(0, pointer.lastIndexOf("/"))) {
    const field = frame.querySelector<HTMLElement>(`[data-pointer="${CSS.escape(pointer)}"]`);
    const control = field?.querySelector<HTMLElement>(":scope > :is(input, select, textarea)") ?? field;
    if (!control) continue;
    control.focus();
    return;
  }
  text.focus();
}
