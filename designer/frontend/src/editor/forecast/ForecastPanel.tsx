/** The panel beside the canvas that says how runs of the draft would go. Loaded when it is opened first. */
import { useEffect, useMemo, useRef, type ReactElement, type ReactNode } from "react";
import type { Basis } from "../../graph/forecast/basis";
import type { Figures, Forecast } from "../../graph/forecast/forecast";
import { basisText, differenceText, doubtTexts, editText, percent, reallyText, silenceText } from "../../graph/forecast/words";
import { duration } from "../../shared/time";
import type { EditData } from "../draft/data";
import type { Workbench } from "../draft/useWorkbench";
import { useForecast } from "./useForecast";

const STEPS_MAX = 8;

interface Props {
  readonly data: EditData;
  readonly bench: Workbench;
  readonly close: () => void;
}

export default function ForecastPanel({ data, bench: { whole: { document, problems }, catalog }, close }: Props): ReactElement {
  const { basis, forecasts, refusal, isBusy } = useForecast(data, document, problems);
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => button.current?.focus(), []);
  const edit = useMemo(() => (data.published ? editText(document, data.published, catalog) : ""), [document, data.published, catalog]);
  const { draft, published } = forecasts ?? { draft: null, published: null };
  const silence = basis ? silenceText(basis) : "";
  return (
    <section className="what-if forecast" aria-label="Forecast" aria-busy={isBusy && !silence && !refusal}>
      <div className="what-if-head"><h2>Forecast</h2><button ref={button} type="button" className="btn btn-xs" onClick={close}>Close</button></div>
      {refusal && <p className="field-error" role="alert">{refusal}</p>}
      {silence && <p>{silence}</p>}
      {!basis && !refusal && <p className="muted">Counting…</p>}
      <p className="forecast-difference" aria-live="polite">{draft && published && edit ? differenceText(edit, published.figures, draft.figures) : ""}</p>
      {forecasts && !draft && <p>Nothing is forecast of a draft without steps, or with steps in a circle.</p>}
      {basis && draft && <Told basis={basis} forecast={draft} before={edit ? published?.figures ?? null : null} />}
    </section>
  );
}

interface ToldProps {
  readonly basis: Basis;
  readonly forecast: Forecast;
  readonly before: Figures | null;
}

function Told({ basis, forecast: { figures, doubts }, before }: ToldProps): ReactElement {
  const texts = doubtTexts(doubts, basis);
  return <>
    <dl className="forecast-figures">
      <Figure name="Half of the runs take at most" value={duration(figures.p50Ms)} was={before && duration(before.p50Ms)} />
      <Figure name="95 of 100 take at most" value={duration(figures.p95Ms)} was={before && duration(before.p95Ms)} />
      <Figure name="Roll back" value={percent(figures.rolledBack)} was={before && percent(before.rolledBack)} />
      {figures.failed > 0 && <Figure name="Fail with nothing to undo" value={percent(figures.failed)} was={before && percent(before.failed)} />}
      <Figure name="Ask a person" value={percent(figures.asked)} was={before && percent(before.asked)} />
    </dl>
    {figures.steps.length > 0 && <Steps figures={figures} />}
    {texts.length > 0 && <ul className="forecast-doubts" aria-label="Assumed">{texts.map((text) => <li key={text}>{text}</li>)}</ul>}
    <p className="muted">{basisText(basis, figures)} {reallyText(basis)}</p>
  </>;
}

function Figure({ name, value, was }: { readonly name: string; readonly value: string; readonly was: string | null }): ReactElement {
  return <div><dt>{name}</dt><dd><strong>{value}</strong>{was !== null && was !== value && <span className="muted"> was {was}</span>}</dd></div>;
}

function Steps({ figures: { steps } }: { readonly figures: Figures }): ReactElement {
  const rest = steps.length - STEPS_MAX;
  return <>
    <table className="forecast-steps">
      <caption className="sr-only">Shares of steps</caption>
      <thead><tr><th scope="col">Step</th><th scope="col">of the time</th><th scope="col">of the failures</th></tr></thead>
      <tbody>{steps.slice(0, STEPS_MAX).map(({ name, time, failures }) => (
        <tr key={name}><th scope="row">{name}</th><Share of={time} /><Share of={failures} /></tr>
      ))}</tbody>
    </table>
    {rest > 0 && <p className="muted">And {rest} more.</p>}
  </>;
}

function Share({ of }: { readonly of: number }): ReactNode {
  return <td><span className="forecast-bar" style={{ inlineSize: `${Math.round(of * 100)}%` }} aria-hidden="true" />{percent(of)}</td>;
}
