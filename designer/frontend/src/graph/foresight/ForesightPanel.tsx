/** The plan of an assumed failure as a list beside its marks on the canvas. */
import { useId, type ReactElement } from "react";
import { beginsWith, LEGEND, reasonOf, type Foreseen } from "./foresight";
import { Icon } from "../../shared/icons";
import type { Foreseeing } from "./useForesight";

interface Props {
  readonly steps: readonly string[];
  readonly foresight: Foreseeing;
}

export function ForesightPanel({ steps, foresight: { isOpen, step, answer, ask, close } }: Props): ReactElement | null {
  const id = useId();
  if (!isOpen) return null;
  return (
    <section className="foresight" aria-label="What if a step fails?">
      <div className="foresight-head">
        <label htmlFor={id}>What if this fails?</label>
        <button type="button" className="btn btn-xs" onClick={close}>Close</button>
      </div>
      <select id={id} className="select select-sm" value={steps.includes(step) ? step : ""} onChange={(event) => ask(event.target.value)} autoFocus>
        <option value="">Choose a step, or click one…</option>
        {steps.map((name) => <option key={name} value={name}>{name}</option>)}
      </select>
      <div aria-live="polite">
        {answer?.is === "refused" && <p className="field-error">{answer.message}</p>}
        {answer?.is === "ok" && <Plan found={answer.value} />}
      </div>
      {answer?.is === "ok" && <Legend />}
    </section>
  );
}

function Plan({ found }: { readonly found: Foreseen }): ReactElement {
  const isIdle = found.answer === "continue";
  return <>
    <p><strong>{found.step}</strong> fails for good. {beginsWith(found)}</p>
    {!isIdle && found.undo.length > 0 && (
      <ol className="foresight-undo" aria-label="Undone, in this order">
        {found.undo.map(({ step, worker, place, sure }) => (
          <li key={step} value={place}><strong>{step}</strong> <span className="muted">by</span> {worker ? <span className="code">{worker}</span> : "the undos of its run"}{!sure && <IfRan />}</li>
        ))}
      </ol>
    )}
    {!isIdle && found.remains.length > 0 && <>
      <p className="foresight-left"><Icon name="flag" />This would remain:</p>
      <ul aria-label="Would remain">{found.remains.map(({ step, reason, sure }) => <li key={step}><strong>{step}</strong>: {reasonOf(reason)}{!sure && <IfRan />}</li>)}</ul>
    </>}
    {!isIdle && found.maybe.length > 0 && <p>Beside it, and undone where they have completed by then: {found.maybe.join(", ")}.</p>}
    {found.harmless.length > 0 && <p className="muted">Nothing to undo: {found.harmless.map(({ step }) => step).join(", ")}.</p>}
    {!isIdle && found.own && <p className="muted">If nobody knows whether {found.step} took effect (a timeout, a lost process), <span className="code">{found.own}</span> undoes it first.</p>}
  </>;
}

function IfRan(): ReactElement {
  return <span className="muted">, if it ran</span>;
}

function Legend(): ReactElement {
  return (
    <ul className="foresight-legend" aria-label="Legend">
      {LEGEND.map(([kind, icon, word]) => <li key={kind}><span className="foresight-mark" data-foresight={kind}><Icon name={icon} /></span>{word}</li>)}
    </ul>
  );
}
