/** Fields for a value of any shape: objects and lists hold fields in turn. */
import { useId, useState, type ReactElement, type ReactNode } from "react";
import { isObject, memberOf, same, type Json, type JsonObject } from "../shared/json";
import { ChoiceControl, cleared, FlagControl, JsonControl, NumberControl, Problems, TextControl, type FieldProps } from "./controls";
import { useForm } from "./context";
import { begun, begunLike, isOfKind, isRequired, itemSchema, kindOfValue, propertiesOf, shapeOf, variantOf, variantTitle, type Kind, type Shape } from "./schema";
import { moved, pointerOf, type Place } from "./value";

const ITEMS_SHOWN = 30;
const CONTROLS: Readonly<Record<Kind, (props: FieldProps) => ReactElement>> = {
  text: TextControl, number: NumberControl, flag: FlagControl, choice: ChoiceControl, json: JsonControl,
  object: ObjectFields, list: ListFields, variants: VariantFields,
};

interface MemberProps {
  readonly schema: Json | undefined;
  readonly place: Place;
  readonly label: string;
  readonly value: Json | undefined;
  readonly isNeeded?: boolean;
  readonly tools?: ReactNode;
}

/** One place of the value. What does not have the shape that its schema states is shown as JSON, and kept. */
export function Field({ schema, place, label, value, isNeeded = false, tools }: MemberProps): ReactElement {
  const { schema: root, put } = useForm();
  const stated = shapeOf(schema, root);
  const [isText, setIsText] = useState(false);
  const isFree = stated.kind === "json" && stated.schema.type === undefined;
  const shape = isFree && !isText ? { ...stated, kind: kindOfValue(value) } : stated;
  const props = { shape, place, label: typeof place.at(-1) === "number" ? label : shape.title || label, value, isNeeded, tools };
  if (shape.isNullable && value === null) return <Nothing {...props} schema={schema} />;
  const isFitting = value === undefined || (value === null && typeof place.at(-1) === "number") || isOfKind(value, shape.kind);
  const Control = isFitting ? CONTROLS[shape.kind] : JsonControl;
  const toNull = shape.isNullable && <button type="button" className="link" onClick={() => put(place, null)}>Nothing (null)<span className="sr-only"> for {props.label}</span></button>;
  const toText = isFree && <button type="button" className="link" aria-pressed={isText} onClick={() => setIsText(!isText)}>{isText ? "Fields" : "JSON"}<span className="sr-only"> for {props.label}</span></button>;
  return <Control {...props} tools={<>{toText}{toNull}{tools}</>} />;
}

function Nothing({ schema, ...props }: FieldProps & { readonly schema: Json | undefined }): ReactElement {
  const { schema: root, put } = useForm();
  return (
    <div className="field" data-pointer={pointerOf(props.place)}>
      <div className="input-label"><span className="label-text">{props.label}</span>{props.tools}</div>
      <p className="input-nothing"><span className="muted">Nothing (null)</span><button type="button" className="link" onClick={() => put(props.place, begun(schema, root))}>Give a value<span className="sr-only"> for {props.label}</span></button></p>
    </div>
  );
}

/** A group with a legend, and the problems of the group itself. */
function Group({ props, children, tools }: { readonly props: FieldProps; readonly children: ReactNode; readonly tools?: ReactNode }): ReactElement {
  const id = useId();
  const pointer = pointerOf(props.place);
  const problems = useForm().problems.get(pointer) ?? [];
  return (
    <fieldset className="input-group" data-pointer={pointer} aria-describedby={problems.length ? `${id}-wrong` : undefined} tabIndex={-1}>
      <legend>{props.label}{props.isNeeded && <span className="input-needed"> needed</span>}</legend>
      <div className="input-tools">{tools}{props.tools}</div>
      {props.shape.hint && <p className="field-help">{props.shape.hint}</p>}
      <Problems id={`${id}-wrong`} texts={problems} />
      {children}
    </fieldset>
  );
}

function ObjectFields(props: FieldProps): ReactElement {
  const { shape, place, value, label } = props;
  const { schema: root, put } = useForm();
  if (!isObject(value)) return <Group props={props}><p><button type="button" className="btn btn-sm" onClick={() => put(place, begun(shape.schema, root))}>Add {label}</button></p></Group>;
  const tools = <RemoveButton place={place} label={label} isShown={!props.isNeeded && typeof place.at(-1) === "string"} />;
  return <Group props={props} tools={tools}><Members schema={shape.schema} place={place} value={value} /></Group>;
}

interface MembersProps {
  readonly schema: JsonObject;
  readonly place: Place;
  readonly value: JsonObject;
  /** Members that are shown elsewhere. */
  readonly without?: ReadonlySet<string>;
}

export function Members({ schema, place, value, without = new Set() }: MembersProps): ReactElement {
  const { schema: root } = useForm();
  const known = propertiesOf(schema).filter(([key, member]) => !without.has(key) && !isSettled(memberOf(value, key), shapeOf(member, root)));
  const names = new Set(propertiesOf(schema).map(([key]) => key));
  const others = Object.entries(value).filter(([key]) => !names.has(key) && !without.has(key));
  return <>
    {known.map(([key, member]) => <Field key={key} schema={member} place={[...place, key]} label={key} value={Object.hasOwn(value, key) ? value[key] : undefined} isNeeded={isRequired(schema, key)} />)}
    {others.map(([key, member]) => <Field key={`other ${key}`} schema={schema.additionalProperties} place={[...place, key]} label={key} value={member} tools={<RemoveButton place={[...place, key]} label={key} isShown />} />)}
    {isObject(schema.additionalProperties) && <NewMember schema={schema.additionalProperties} place={place} value={value} />}
  </>;
}

/** What is fixed, such as the kind of a variant, and there already: nothing is left to choose. */
function isSettled(value: Json | undefined, { kind, options, isNullable }: Shape): boolean {
  const [only, ...others] = options;
  return kind === "choice" && only !== undefined && !others.length && !isNullable && value !== undefined && same(value, only.value);
}

function NewMember({ schema, place, value }: { readonly schema: JsonObject; readonly place: Place; readonly value: JsonObject }): ReactElement {
  const { schema: root, put } = useForm();
  const [name, setName] = useState("");
  const id = useId();
  const isTaken = Object.hasOwn(value, name);
  const add = (): void => {
    put([...place, name], begun(schema, root));
    setName("");
  };
  return (
    <div className="input-new">
      <label className="sr-only" htmlFor={id}>Name of a new entry</label>
      <input id={id} className="input input-sm code" placeholder="name of a new entry" value={name} autoComplete="off" onChange={({ target }) => setName(target.value)}
        onKeyDown={(event) => { if (event.key === "Enter") { event.preventDefault(); if (name && !isTaken) add(); } }} />
      <button type="button" className="btn btn-sm" disabled={!name || isTaken} onClick={add}>Add</button>
    </div>
  );
}

function ListFields(props: FieldProps): ReactElement {
  const { shape: { schema }, place, value, label } = props;
  const { schema: root, put } = useForm();
  const [shown, setShown] = useState(ITEMS_SHOWN);
  const items: readonly Json[] = Array.isArray(value) ? value : [];
  const options = choicesOf(schema, root);
  if (options) return <Checks props={props} options={options} items={items} />;
  const left = items.length - shown;
  const next = (): Json => {
    const item = itemSchema(schema, items.length);
    return item === undefined ? begunLike(items.at(-1)) : begun(item, root);
  };
  return (
    <Group props={props}>
      {items.slice(0, shown).map((item, index) => <Item key={index} schema={itemSchema(schema, index)} list={place} index={index} items={items} label={label} value={item} />)}
      {left > 0 && <p><button type="button" className="btn btn-sm" onClick={() => setShown(shown + 10 * ITEMS_SHOWN)}>Show more: {left} {left === 1 ? "is" : "are"} left</button></p>}
      <p><button type="button" className="btn btn-sm" onClick={() => { put(place, [...items, next()]); setShown(Math.max(shown, items.length + 1)); }}>Add to {label}</button></p>
    </Group>
  );
}

interface ItemProps {
  readonly schema: Json | undefined;
  readonly list: Place;
  readonly index: number;
  readonly items: readonly Json[];
  readonly label: string;
  readonly value: Json;
}

function Item({ schema, list, index, items, label, value }: ItemProps): ReactElement {
  const { put } = useForm();
  const name = `${label} ${index + 1}`;
  const button = (text: string, to: number): ReactElement =>
    <button type="button" className="link" disabled={to < 0 || to >= items.length} onClick={() => put(list, moved(items, index, to))}>{text}<span className="sr-only"> {name}</span></button>;
  const tools = <>{items.length > 1 && <>{button("Up", index - 1)}{button("Down", index + 1)}</>}<RemoveButton place={[...list, index]} label={name} isShown /></>;
  const title = shapeOf(schema, useForm().schema).title;
  return <Field schema={schema} place={[...list, index]} label={title ? `${title} ${index + 1}` : name} value={value} tools={tools} />;
}

/** A list of some of a few fixed values, each at most once. */
function choicesOf(schema: JsonObject, root: JsonObject): Shape["options"] | null {
  const item = shapeOf(schema.items, root);
  return schema.uniqueItems === true && item.kind === "choice" ? item.options : null;
}

function Checks({ props, options, items }: { readonly props: FieldProps; readonly options: Shape["options"]; readonly items: readonly Json[] }): ReactElement {
  const { put } = useForm();
  const id = useId();
  return (
    <Group props={props}>
      <div className="input-checks">
        {options.map(({ value, label }, index) => (
          <label key={label} htmlFor={`${id}-${index}`}>
            <input id={`${id}-${index}`} className="checkbox checkbox-sm" type="checkbox" checked={items.includes(value)}
              onChange={({ target }) => put(props.place, target.checked ? [...items, value] : items.filter((item) => item !== value))} />
            {label}
          </label>
        ))}
      </div>
    </Group>
  );
}

function VariantFields(props: FieldProps): ReactElement {
  const { shape: { variants }, place, value, label } = props;
  const { schema: root, put } = useForm();
  const id = useId();
  const [asked, setAsked] = useState(-1);
  const fitting = variantOf(value, variants, root);
  const isAskedFitting = asked >= 0 && variantOf(value, variants.slice(asked, asked + 1), root) === 0;
  const chosen = isAskedFitting ? asked : fitting;
  const choose = (index: string): void => {
    setAsked(index === "" ? -1 : Number(index));
    put(place, index === "" ? cleared(place, null) : begun(variants[Number(index)], root));
  };
  return (
    <Group props={props}>
      <div className="field">
        <label className="sr-only" htmlFor={id}>Kind of {label}</label>
        <select id={id} className="select" value={chosen < 0 ? "" : String(chosen)} onChange={({ target }) => choose(target.value)}>
          <option value="">—</option>
          {variants.map((variant, index) => <option key={index} value={index}>{variantTitle(variant, root, index)}</option>)}
        </select>
      </div>
      {chosen >= 0 && value !== undefined && <Chosen variant={variants[chosen] ?? {}} props={props} />}
      {chosen < 0 && value !== undefined && value !== null && <JsonControl {...props} label={`${label}, as JSON`} tools={null} />}
    </Group>
  );
}

/** The fields of the variant alone: the group around them has the label and the problems. */
function Chosen({ variant, props }: { readonly variant: JsonObject; readonly props: FieldProps }): ReactElement {
  const { schema: root } = useForm();
  const shape = shapeOf(variant, root);
  if (shape.kind === "object" && isObject(props.value)) return <Members schema={shape.schema} place={props.place} value={props.value} />;
  return <Field schema={variant} place={props.place} label={props.label} value={props.value} />;
}

function RemoveButton({ place, label, isShown }: { readonly place: Place; readonly label: string; readonly isShown: boolean }): ReactElement | null {
  const { put } = useForm();
  return isShown ? <button type="button" className="link" onClick={() => put(place, undefined)}>Remove<span className="sr-only"> {label}</span></button> : null;
}
