/** Params of a call. A request to an operation of an API's document gets the form that the document describes. */
import type { ReactElement } from "react";
import { isObject, textOf, type JsonObject } from "../../../graph/model/document";
import type { Catalog } from "../../../graph/model/catalog";
import { useOperation } from "../../draft/operations";
import { PLACES, placesOf, requestOf, withPlace, without, type OperationStep } from "../../model/operations";
import { ParamsForm } from "./ParamsForm";

interface Props {
  readonly legend?: string;
  /** `of the undo`, where the call is not the step's own. */
  readonly of?: string;
  readonly at: string;
  readonly call: JsonObject;
  readonly catalog: Catalog;
  readonly change: (params: JsonObject | null) => void;
}

export function CallParams(props: Props): ReactElement {
  const { legend, at, call, catalog, change } = props;
  const operation = useOperation(requestOf(call));
  const params = isObject(call.params) ? call.params : {};
  const schema = catalog.get(textOf(call.worker))?.params_schema ?? null;
  const put = (next: JsonObject): void => change(Object.keys(next).length ? next : null);
  if (operation && schema) return <OperationForm {...props} operation={operation} params={params} schema={schema} put={put} />;
  return <ParamsForm {...(legend && { legend })} at={at} schema={schema} params={params} change={put} />;
}

interface OperationFormProps extends Props {
  readonly operation: OperationStep;
  readonly params: JsonObject;
  readonly schema: JsonObject;
  readonly put: (params: JsonObject) => void;
}

function OperationForm({ of = "", at, operation, params, schema, put }: OperationFormProps): ReactElement {
  const places = placesOf(operation.form, params);
  const properties = isObject(schema.properties) ? schema.properties : {};
  const rest = { ...schema, properties: without(properties, places) };
  return <>
    <div className="operation-head">
      <p><strong>{operation.title}</strong> <span className="code">{operation.method} {operation.url}</span></p>
      {operation.description && <p className="hint">{operation.description}</p>}
    </div>
    {places.map((place) => (
      <ParamsForm key={place} legend={`${PLACES[place]}${of}`} at={`${at}.${place}`} schema={operation.form[place] as JsonObject} params={isObject(params[place]) ? params[place] : {}}
        change={(next) => put(withPlace(params, place, next))} />
    ))}
    <details className="call"><summary>All of the request{of}</summary>
      <ParamsForm legend={`Request${of}`} at={at} schema={rest} params={without(params, places)}
        change={(next) => put({ ...next, ...Object.fromEntries(Object.entries(params).filter(([key]) => places.includes(key))) })} />
    </details>
  </>;
}
