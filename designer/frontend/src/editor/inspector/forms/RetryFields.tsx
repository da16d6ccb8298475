/** Fields of a retry policy: attempts and delays. */
import type { ReactElement } from "react";
import { isObject, stated, type Json, type JsonObject } from "../../../graph/model/document";
import type { JsonNumber } from "../../../shared/json";
import { DEFAULTS } from "../../../shared/vocabulary";
import { NumberField } from "../../controls/fields";

interface Props {
  /** What the fields are about, as the end of their labels. */
  readonly of?: string;
  readonly at: string;
  readonly retry: Json | undefined;
  readonly standard?: string;
  readonly change: (retry: JsonObject | null) => void;
}

type Field = readonly [key: string, label: string, standard: string];

const USUAL = DEFAULTS.retry;
const DELAYS: readonly Field[] = [
  ["initial", "First delay (seconds)", String(USUAL.initial)],
  ["max", "Longest delay (seconds)", String(USUAL.max)],
  ["factor", "Each further delay times", String(USUAL.factor)],
  ["jitter", "Spread of the delay (0 to 1)", String(USUAL.jitter)],
];

export function RetryFields({ of = "", at, retry, standard = String(USUAL.max_attempts), change }: Props): ReactElement {
  const given = isObject(retry) ? retry : {};
  const put = (key: string, value: JsonNumber | null): void => {
    const next = stated({ ...given, [key]: value });
    change(Object.keys(next).length ? next : null);
  };
  const field = ([key, label, usual]: Field): ReactElement => (
    <NumberField key={key} label={`${label}${of}`} at={`${at}.${key}`} value={given[key]} placeholder={usual} change={(value) => put(key, value)} />
  );
  return <>
    {field(["max_attempts", "Attempts", standard])}
    <div className="pairs">{DELAYS.map(field)}</div>
  </>;
}
