/** A dialog that chooses one of many by keyboard: type, move with the arrows, Enter. */
import { useDeferredValue, useEffect, useEffectEvent, useId, useState, type KeyboardEvent, type ReactElement } from "react";
import { takeTyped } from "../draft/typedAhead";
import { Dialog } from "../controls/Dialog";
import { Icon } from "../../shared/icons";

const SHOWN_MAX = 8;

export interface Choice {
  readonly key: string;
  readonly icon: string;
  readonly text: string;
  readonly note: string;
}
interface Props {
  readonly title: string;
  readonly label: string;
  /** What matches the typed text, the best first. */
  readonly find: (text: string) => readonly Choice[];
  /** Told what is typed, where more is found elsewhere. */
  readonly typed?: (text: string) => void;
  readonly choose: (key: string) => void;
  readonly close: () => void;
}

export function ChooseDialog({ title, label, find, typed, choose, close }: Props): ReactElement {
  const id = useId();
  const [place, setPlace] = useState(0);
  const [text, write] = useTyped(find, choose, (next) => {
    setPlace(0);
    typed?.(next);
  });
  const all = find(useDeferredValue(text));
  const shown = all.slice(0, SHOWN_MAX);
  const press = (event: KeyboardEvent): void => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const now = find(text)[place];
    if (step) setPlace((before) => (before + step + shown.length) % Math.max(shown.length, 1));
    else if (event.key === "Enter" && now) choose(now.key);
    else return;
    event.preventDefault();
  };
  return (
    <Dialog title={title} close={close}>
      <input className="input" autoFocus role="combobox" aria-label={label} aria-expanded="true" aria-controls={id} aria-autocomplete="list"
        aria-activedescendant={shown[place] ? `${id}-${place}` : undefined}
        value={text} onKeyDown={press} onChange={(event) => write(event.target.value)} />
      <div id={id} role="listbox" aria-label={label} className="choices">
        {shown.map(({ key, icon, text: word, note }, index) => (
          <div key={key} id={`${id}-${index}`} role="option" aria-selected={index === place} onClick={() => choose(key)}>
            <Icon name={icon} /><span>{word}</span><span className="muted">{note}</span>
          </div>
        ))}
      </div>
      <p className="hint" role="status">{shown.length ? (all.length > shown.length ? `${all.length - shown.length} more: type to narrow down` : "") : `Nothing matches “${text}”.`}</p>
      <div className="actions"><button type="button" className="btn" onClick={close}>Cancel</button></div>
    </Dialog>
  );
}

/** What is typed, with what was typed before the dialog was there; Enter among that chooses the first match at once. */
function useTyped(find: Props["find"], choose: Props["choose"], changed: (text: string) => void): readonly [string, (text: string) => void] {
  const [text, setText] = useState("");
  const write = (next: string): void => {
    setText(next);
    changed(next);
  };
  const takeOver = useEffectEvent(() => {
    const { text: before, isEntered } = takeTyped();
    const [first] = find(before);
    if (isEntered && first) choose(first.key);
    else if (before) write(before);
  });
  useEffect(() => takeOver(), []);
  return [text, write];
}
