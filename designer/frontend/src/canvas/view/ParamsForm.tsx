/** The params of a step: a form made from its worker's schema, each field switchable to an expression. */
import { useState, type ReactElement } from "react";
import { isObject, textOf, type Json, type JsonObject } from "../model/document";
import { fieldsOf, isExpression, type ParamField } from "../model/params";
import { ChoiceField, FlagField, JsonField, NumberField, TextField } from "./fields";

interface Props {
  readonly schema: JsonObject | null;
  readonly params: JsonObject;
  readonly change: (params: JsonObject) => void;
}

export function ParamsForm({ schema, params, change }: Props): ReactElement {
  const [name, setName] = useState("");
  const put = (key: string, value: Json | undefined): void => {
    const { [key]: _, ...others } = params;
    change(value === undefined ? others : { ...params, [key]: value });
  };
  const add = (): void => {
    if (name.trim()) put(name.trim(), "");
    setName("");
  };
  return (
    <fieldset className="params">
      <legend>Params</legend>
      {!schema && <p className="hint">This worker takes params as they come: they are laid over the context that it gets.</p>}
      {fieldsOf(schema, params).map((field) => <Param key={field.key} field={field} value={params[field.key]} put={(value) => put(field.key, value)} />)}
      {!schema && (
        <div className="add-param">
          <TextField label="Name of a new param" value={name} change={setName} code />
          <button type="button" className="btn btn-sm" disabled={!name.trim()} onClick={add}>Add param</button>
        </div>
      )}
    </fieldset>
  );
}

interface ParamProps {
  readonly field: ParamField;
  readonly value: Json | undefined;
  readonly put: (value: Json | undefined) => void;
}

function Param({ field, value, put }: ParamProps): ReactElement {
  const isDynamic = isExpression(value);
  const toggle = (): void => put(isDynamic ? undefined : `=context.${field.key}`);
  return (
    <div className="param">
      {isDynamic
        ? <TextField label={`${field.label}, as an expression`} value={textOf(value).slice(1)} change={(text) => put(`=${text}`)} code hint={field.hint} />
        : <Fixed field={field} value={value} put={put} />}
      <div className="param-acts">
        <button type="button" className="link" aria-pressed={isDynamic} onClick={toggle}>{isDynamic ? "Use a fixed value" : "Use an expression"}</button>
        {!field.isKnown && <button type="button" className="link" onClick={() => put(undefined)}>Remove<span className="sr-only"> {field.label}</span></button>}
      </div>
    </div>
  );
}

function Fixed({ field, value, put }: ParamProps): ReactElement {
  const { label, hint, type } = field;
  if (type === "flag") return <FlagField label={label} hint={hint} value={(value ?? field.standard) === true} change={put} />;
  if (type === "number") return <NumberField label={label} hint={hint} value={value} placeholder={shown(field.standard)} change={(number) => put(number ?? undefined)} />;
  if (type === "choice") {
    const options = [["", `Standard${field.standard === undefined ? "" : ` (${shown(field.standard)})`}`] as const, ...field.options.map((option) => [option, option] as const)];
    return <ChoiceField label={label} hint={hint} value={textOf(value)} options={options} change={(text) => put(text || undefined)} />;
  }
  if (type === "text" && !isObject(value)) {
    const escaped = textOf(value).startsWith("==") ? textOf(value).slice(1) : textOf(value);
    const keep = (text: string): void => put(text === "" && field.isKnown ? undefined : text.startsWith("=") ? `=${text}` : text);
    return <TextField label={label} hint={hint} value={escaped} change={keep} />;
  }
  return <JsonField label={`${label} (JSON)`} hint={hint} value={value} rows={4} change={put} />;
}

function shown(value: Json | undefined): string {
  return value === undefined ? "" : typeof value === "string" ? value : JSON.stringify(value);
}
