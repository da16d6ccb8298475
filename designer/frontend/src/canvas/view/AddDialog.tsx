/** Adding a step by keyboard: type, choose with the arrows, Enter. */
import { useId, useState, type KeyboardEvent, type ReactElement } from "react";
import { search, type Block } from "../model/catalog";
import { Dialog } from "./Dialog";
import { Icon, KIND_ICON } from "./icons";

const SHOWN_MAX = 8;

interface Props {
  readonly blocks: readonly Block[];
  readonly after: string | null;
  readonly add: (block: Block) => void;
  readonly close: () => void;
}

export function AddDialog({ blocks, after, add, close }: Props): ReactElement {
  const id = useId();
  const [text, setText] = useState("");
  const [place, setPlace] = useState(0);
  const found = search(blocks, text).slice(0, SHOWN_MAX);
  const press = (event: KeyboardEvent): void => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) setPlace((before) => (before + step + found.length) % Math.max(found.length, 1));
    else if (event.key === "Enter" && found[place]) add(found[place]);
    else return;
    event.preventDefault();
  };
  return (
    <Dialog title={after ? `Add a step after ${after}` : "Add a step"} close={close}>
      <input className="input" autoFocus role="combobox" aria-label="Search steps" aria-expanded="true" aria-controls={id} aria-activedescendant={found[place] ? `${id}-${place}` : undefined}
        value={text} onKeyDown={press} onChange={(event) => { setText(event.target.value); setPlace(0); }} />
      <div id={id} role="listbox" aria-label="Steps" className="choices">
        {found.map((block, index) => (
          <div key={block.key} id={`${id}-${index}`} role="option" aria-selected={index === place} onClick={() => add(block)}>
            <Icon name={KIND_ICON[block.kind]} /><span>{block.title}</span><span className="muted">{block.group}</span>
          </div>
        ))}
      </div>
      {!found.length && <p className="hint">Nothing matches “{text}”.</p>}
      <div className="acts"><button type="button" className="btn" onClick={close}>Cancel</button></div>
    </Dialog>
  );
}
