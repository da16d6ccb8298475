/** How often something is tried, and how long is waited in between. */
import type { ReactElement } from "react";
import { isObject, stated, type Json, type JsonObject } from "../../../graph/model/document";
import { NumberField } from "../fields/fields";

interface Props {
  /** What the fields are about, as the end of their labels. */
  readonly of?: string;
  readonly at: string;
  readonly retry: Json | undefined;
  readonly standard?: string;
  readonly change: (retry: JsonObject | null) => void;
}

type Field = readonly [key: string, label: string, standard: string];

const DELAYS: readonly Field[] = [
  ["initial", "First delay (seconds)", "1"],
  ["max", "Longest delay (seconds)", "30"],
  ["factor", "Each further delay times", "2"],
  ["jitter", "Spread of the delay (0 to 1)", "0.1"],
];

export function RetryFields({ of = "", at, retry, standard = "3", change }: Props): ReactElement {
  const given = isObject(retry) ? retry : {};
  const put = (key: string, value: number | null): void => {
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
