/** Fields of retry policies: attempts, delays, and the errors that each policy is for. */
import { useEffect, useState, type ReactElement } from "react";
import { isObject, stated, type Json } from "../../../graph/model/document";
import { DEFAULTS } from "../../../shared/vocabulary";
import { NumberField } from "../../controls/fields";
import { PatternsField } from "../fields/PatternsField";

interface Props {
  /** What the fields are about, as the end of their labels. */
  readonly of?: string;
  readonly at: string;
  /** A policy, or a list of which the first that fits an error counts. */
  readonly retry: Json | undefined;
  readonly standard?: string;
  readonly change: (retry: Json) => void;
}

type Field = readonly [key: string, label: string, standard: string];

const USUAL = DEFAULTS.retry;
const DELAYS: readonly Field[] = [
  ["initial", "First delay (seconds)", String(USUAL.initial)],
  ["max", "Longest delay (seconds)", String(USUAL.max)],
  ["factor", "Each further delay times", String(USUAL.factor)],
  ["jitter", "Spread of the delay (0 to 1)", String(USUAL.jitter)],
];

export function RetryFields(props: Props): ReactElement {
  const { of = "", at, retry, change } = props;
  if (!Array.isArray(retry)) return <>
    <PolicyFields {...props} retry={retry} change={change} />
    <button type="button" className="btn btn-xs" onClick={() => change([isObject(retry) ? retry : {}, {}])}>Another policy for other errors{of && <span className="sr-only">{of}</span>}</button>
  </>;
  const policies: readonly Json[] = retry;
  const put = (next: readonly Json[]): void => change(next.length > 1 ? next : next[0] ?? null);
  return (
    <fieldset className="params">
      <legend>Retry policies{of}, the first that fits an error counts</legend>
      {policies.map((policy, index) => (
        <section key={index} className="policy" aria-label={`Policy ${index + 1}${of}`}>
          <PolicyFields {...props} of={`${of}, policy ${index + 1}`} at={`${at}[${index}]`} retry={policy} change={(next) => put(policies.map((other, place) => (place === index ? next ?? {} : other)))} />
          <button type="button" className="link" onClick={() => put(policies.filter((_, place) => place !== index))}>Remove policy {index + 1}</button>
        </section>
      ))}
      <button type="button" className="btn btn-xs" onClick={() => put([...policies, {}])}>Add a policy</button>
    </fieldset>
  );
}

function PolicyFields({ of = "", at, retry, standard = String(USUAL.max_attempts), change }: Props): ReactElement {
  const given = isObject(retry) ? retry : {};
  const isNarrow = given.only !== undefined || given.never !== undefined;
  const [isOpen, open] = useState(isNarrow);
  useEffect(() => { if (isNarrow) open(true); }, [isNarrow]);
  const put = (key: string, value: Json): void => {
    const next = stated({ ...given, [key]: value });
    change(Object.keys(next).length ? next : null);
  };
  const field = ([key, label, usual]: Field): ReactElement => (
    <NumberField key={key} label={`${label}${of}`} at={`${at}.${key}`} value={given[key]} placeholder={usual} change={(value) => put(key, value)} />
  );
  return <>
    {field(["max_attempts", "Attempts", standard])}
    <div className="pairs">{DELAYS.map(field)}</div>
    <details className="call" open={isOpen} onToggle={(event) => open(event.currentTarget.open)}><summary>For which errors{of && <span className="sr-only">{of}</span>}</summary>{isOpen && <>
      <PatternsField label={`Only for these errors${of}`} at={`${at}.only`} value={given.only} change={(only) => put("only", only)} hint="Codes such as rate_limited, or patterns such as http.5*; none: every error" />
      <PatternsField label={`Never for these errors${of}`} at={`${at}.never`} value={given.never} change={(never) => put("never", never)} />
    </>}</details>
  </>;
}
