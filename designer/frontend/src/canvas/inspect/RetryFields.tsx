/** How often something is tried, and how long is waited in between. */
import type { ReactElement } from "react";
import { isObject, stated, type Json, type JsonObject } from "../model/document";
import { NumberField } from "../view/fields";

interface Props {
  /** What the fields are about, as the end of their labels. */
  readonly of?: string;
  readonly at: string;
  readonly retry: Json | undefined;
  readonly standard?: string;
  readonly change: (retry: JsonObject | null) => void;
}

const FIELDS: readonly (readonly [key: string, label: string, standard: string])[] = [
  ["max_attempts", "Attempts", "3"],
  ["initial", "First delay (seconds)", "1"],
  ["factor", "Each further delay times", "2"],
  ["max", "Longest delay (seconds)", "30"],
  ["jitter", "Spread of the delay (0 to 1)", "0.1"],
];

export function RetryFields({ of = "", at, retry, standard, change }: Props): ReactElement {
  const given = isObject(retry) ? retry : {};
  const put = (key: string, value: number | null): void => {
    const next = stated({ ...given, [key]: value });
    change(Object.keys(next).length ? next : null);
  };
  return <>
    {FIELDS.map(([key, label, usual]) => (
      <NumberField key={key} label={`${label}${of}`} at={`${at}.${key}`} value={given[key]} placeholder={key === "max_attempts" ? standard ?? usual : usual} change={(value) => put(key, value)} />
    ))}
  </>;
}
