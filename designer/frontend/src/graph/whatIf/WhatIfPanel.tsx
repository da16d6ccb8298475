/** The panel that lists what an assumed failure would lead to. */
import { useId, type ReactElement, type ReactNode } from "react";
import { catchesAll, catchText, consequenceText, earlierText, LEGEND, reachText, reasonText, type GraphPlan, type WhatIfPlan } from "./whatIf";
import { Icon } from "../../shared/icons";
import type { WhatIf } from "./useWhatIf";

interface Props {
  readonly steps: readonly string[];
  readonly whatIf: WhatIf;
}

export function WhatIfPanel({ steps, whatIf: { isOpen, step, answer, ask, close } }: Props): ReactElement | null {
  const id = useId();
  if (!isOpen) return null;
  return (
    <section className="what-if" aria-label="What if a step fails?">
      <div className="what-if-head">
        <label htmlFor={id}>What if this fails?</label>
        <button type="button" className="btn btn-xs" onClick={close}>Close</button>
      </div>
      <select id={id} className="select select-sm" value={steps.includes(step) ? step : ""} onChange={(event) => ask(event.target.value)} autoFocus>
        <option value="">Choose a step, or click one…</option>
        {steps.map((name) => <option key={name} value={name}>{name}</option>)}
      </select>
      <div aria-live="polite">
        {answer?.is === "refused" && <p className="field-error">{answer.message}</p>}
        {answer?.is === "ok" && <Plan plan={answer.value} />}
      </div>
      {answer?.is === "ok" && <Legend />}
    </section>
  );
}

function Plan({ plan }: { readonly plan: WhatIfPlan }): ReactElement {
  return <>
    <GraphConsequences plan={plan} lead={<><strong>{plan.step}</strong> fails for good.</>} />
    {plan.around.map((outer) => <div key={outer.step} className="what-if-around"><GraphConsequences plan={outer} lead={reachText(outer)} /></div>)}
  </>;
}

interface ConsequencesProps {
  readonly plan: GraphPlan;
  /** How the step has come to fail. */
  readonly lead: ReactNode;
}

function GraphConsequences({ plan, lead }: ConsequencesProps): ReactElement {
  const { catches } = plan;
  const isIdle = plan.answer === "continue" && !catches.length;
  const earlier = isIdle ? "" : earlierText(plan);
  return <>
    {catches.length ? <Caught plan={plan} lead={lead} /> : <p>{lead} {consequenceText(plan)}</p>}
    {earlier && <p>{earlier}</p>}
    {!isIdle && plan.undo.length > 0 && (
      <ol className="what-if-undo" aria-label={catches.length ? "Undone when the run rolls back, in this order" : "Undone, in this order"}>
        {plan.undo.map(({ step, worker, place, sure }) => (
          <li key={step} value={place}><strong>{step}</strong> <span className="muted">by</span> {worker ? <span className="code">{worker}</span> : "the undos of its run"}{!sure && <IfRan />}</li>
        ))}
      </ol>
    )}
    {!isIdle && plan.remains.length > 0 && <>
      <p className="what-if-left"><Icon name="flag" />This would remain:</p>
      <ul aria-label="Would remain">{plan.remains.map(({ step, reason, sure }) => <li key={step}><strong>{step}</strong>: {reasonText(reason)}{!sure && <IfRan />}</li>)}</ul>
    </>}
    {!isIdle && plan.maybe.length > 0 && <p>Beside it, and undone where they have completed by then: {plan.maybe.join(", ")}.</p>}
    {plan.harmless.length > 0 && <p className="muted">Nothing to undo: {plan.harmless.map(({ step }) => step).join(", ")}.</p>}
    {!isIdle && plan.own && <p className="muted">If nobody knows whether {plan.step} took effect (a timeout, a lost process), <span className="code">{plan.own}</span> undoes it first.</p>}
  </>;
}

/** Where caught failures lead, and what happens to the others. The undos that follow are of a rollback, now or later. */
function Caught({ plan, lead }: ConsequencesProps): ReactElement {
  const { catches, undo, own } = plan;
  return <>
    <p>{lead}</p>
    <ol className="what-if-catches" aria-label="Caught, the first that fits">
      {catches.map((caught, index) => <li key={index}>{catchText(caught)}: goes on to {caught.leads_to.join(", ") || caught.to}, and nothing is undone at once.</li>)}
    </ol>
    {!catchesAll(catches) && <p>Any other error: {consequenceText(plan)}</p>}
    {(undo.length > 0 || own) && <p>Caught or not, when the run rolls back later:</p>}
  </>;
}

function IfRan(): ReactElement {
  return <span className="muted">, if it ran</span>;
}

function Legend(): ReactElement {
  return (
    <ul className="what-if-legend" aria-label="Legend">
      {LEGEND.map(([kind, icon, word]) => <li key={kind}><span className="what-if-mark" data-what-if={kind}><Icon name={icon} /></span>{word}</li>)}
    </ul>
  );
}
