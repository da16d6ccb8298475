/** Params of a call: a form made from the worker's schema, each field switchable to an expression. */
import { useState, type ReactElement } from "react";
import { memberOf, writeJson } from "../../../shared/json";
import { ServiceField } from "../fields/ServiceField";
import { Switchable } from "../fields/Switchable";
import { textOf, type Json, type JsonObject } from "../../../graph/model/document";
import { fieldsOf, type ParamField } from "../../model/params";
import { ChoiceField, FlagField, JsonField, NumberField, TextField } from "../../controls/fields";

interface Props {
  readonly legend?: string;
  /** Path of the params within the step, such as `compensation.params`. */
  readonly at: string;
  readonly schema: JsonObject | null;
  readonly params: JsonObject;
  readonly hint?: string;
  readonly change: (params: JsonObject) => void;
}

export function ParamsForm({ legend = "Params", at, schema, params, hint, change }: Props): ReactElement {
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
      <legend>{legend}</legend>
      {!schema && <p className="hint">{hint ?? "This worker takes params as they come: they are laid over the context that it gets."}</p>}
      {fieldsOf(schema, params).map((field) => <Param key={field.key} at={`${at}.${field.key}`} field={field} value={memberOf(params, field.key)} put={(value) => put(field.key, value)} />)}
      {!schema && (
        <div className="add-param">
          <TextField label={`Name of a new ${legend === "Params" ? "param" : "key"}`} value={name} change={setName} code />
          <button type="button" className="btn btn-sm" disabled={!name.trim()} onClick={add}>Add {legend === "Params" ? "param" : "key"}</button>
        </div>
      )}
    </fieldset>
  );
}

interface ParamProps {
  readonly at: string;
  readonly field: ParamField;
  readonly value: Json | undefined;
  readonly put: (value: Json | undefined) => void;
}

function Param(props: ParamProps): ReactElement {
  const { at, field, value, put } = props;
  const remove = !field.isKnown && <button type="button" className="link" onClick={() => put(undefined)}>Remove<span className="sr-only"> {field.label}</span></button>;
  return (
    <Switchable label={field.label} at={at} value={value} first={`context.${field.key}`} put={put} hint={field.hint} more={remove}>
      <Fixed {...props} />
    </Switchable>
  );
}

function Fixed({ at, field, value, put }: ParamProps): ReactElement {
  const { label, hint, type } = field;
  if (type === "flag") return <FlagField label={label} at={at} hint={hint} value={(value ?? field.standard) === true} change={put} />;
  if (type === "number") return <NumberField label={label} at={at} hint={hint} value={value} placeholder={shown(field.standard)} change={(number) => put(number ?? undefined)} />;
  if (type === "choice") {
    const options = [["", field.standard === undefined ? "Choose one" : `Standard (${shown(field.standard)})`] as const, ...field.options.map((option) => [option, option] as const)];
    return <ChoiceField label={label} at={at} hint={hint} value={textOf(value)} options={options} change={(text) => put(text || undefined)} />;
  }
  if (field.named && (value === undefined || typeof value === "string")) {
    return <ServiceField label={label} at={at} hint={hint} named={field.named} value={textOf(value ?? field.standard)} change={(text) => put(text || undefined)} />;
  }
  if ((type === "text" || type === "lines") && (value === undefined || typeof value === "string")) {
    const escaped = textOf(value).startsWith("==") ? textOf(value).slice(1) : textOf(value);
    const keep = (text: string): void => put(text === "" && field.isKnown ? undefined : text.startsWith("=") ? `=${text}` : text);
    return <TextField label={label} at={at} hint={hint} value={escaped} change={keep} {...(type === "lines" && { rows: 8 })} />;
  }
  return <JsonField label={`${label} (JSON)`} at={at} hint={hint} value={value} rows={4} change={put} />;
}

function shown(value: Json | undefined): string {
  return value === undefined || value === null ? "" : typeof value === "string" ? value : writeJson(value);
}
