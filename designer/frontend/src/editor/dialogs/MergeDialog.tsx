/** The dialog after two authors saved one draft: what each changed, and how to merge it. */
import { useMemo, useState, type ReactElement } from "react";
import type { Document } from "../../graph/model/document";
import { merge, type Clash, type Side } from "../model/merge";
import { Dialog } from "../controls/Dialog";
import { Differences, inShort } from "./Differences";

interface Props {
  readonly base: Document;
  readonly mine: Document;
  readonly theirs: Document;
  readonly settle: (document: Document) => void;
}

export function MergeDialog({ base, mine, theirs, settle }: Props): ReactElement {
  const [choices, setChoices] = useState<ReadonlyMap<string, Side>>(new Map());
  const { document, clashes } = useMemo(() => merge(base, mine, theirs, choices), [base, mine, theirs, choices]);
  const open = clashes.filter(({ key }) => !choices.has(key)).length;
  const none = "Nothing but places on the canvas.";
  return (
    <Dialog title="Somebody else saved this draft meanwhile" close={null} isWide>
      <p>{clashes.length
        ? `Nothing is lost yet. You both changed ${clashes.length === 1 ? "one thing" : `${clashes.length} things`} differently: choose, and the rest of both is kept.`
        : "Nothing is lost yet. You changed different things, so both can be kept."}</p>
      <div className="sides">
        <section aria-label="What you changed"><h3>You</h3><Differences before={base} after={mine} nothing={none} /></section>
        <section aria-label="What they changed"><h3>They</h3><Differences before={base} after={theirs} nothing={none} /></section>
      </div>
      {clashes.map((clash) => (
        <Choice key={clash.key} clash={clash} side={choices.get(clash.key)} choose={(side) => setChoices(new Map(choices).set(clash.key, side))} />
      ))}
      <p className="hint">“Undo” brings your own draft back, whatever you choose.</p>
      <div className="actions">
        <button type="button" className="btn" onClick={() => settle(theirs)}>Take theirs</button>
        <button type="button" className="btn" onClick={() => settle(mine)}>Keep mine</button>
        <button type="button" className="btn btn-primary" disabled={open > 0} onClick={() => settle(document)}>{open ? `Merge (${open} to choose)` : "Merge both"}</button>
      </div>
    </Dialog>
  );
}

interface ChoiceProps {
  readonly clash: Clash;
  readonly side: Side | undefined;
  readonly choose: (side: Side) => void;
}

function Choice({ clash, side, choose }: ChoiceProps): ReactElement {
  const { key, subject, field, base, mine, theirs } = clash;
  const texts = { mine: field ? inShort(mine) : whole(mine), theirs: field ? inShort(theirs) : whole(theirs) };
  return (
    <fieldset className="clash">
      <legend>{subject}{field && <>: <span className="code">{field}</span></>} <span className="muted">was {field ? inShort(base) : "there"}</span></legend>
      {(["mine", "theirs"] as const).map((option) => (
        <label key={option}><input type="radio" name={key} checked={side === option} onChange={() => choose(option)} /> {option === "mine" ? "Mine" : "Theirs"}: <span className="code">{texts[option]}</span></label>
      ))}
    </fieldset>
  );
}

function whole(value: unknown): string {
  return value === undefined ? "removed" : "changed";
}
