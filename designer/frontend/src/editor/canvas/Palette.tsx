/** The palette of blocks: dragged to the canvas, or added with a click or Enter. */
import { useDeferredValue, useId, useMemo, useState, type ReactElement } from "react";
import { search, type Block } from "../../graph/model/catalog";
import { Icon } from "../../shared/icons";
import { KINDS } from "../../shared/kinds";

export const BLOCK_TYPE = "application/x-sagaboard-block";

interface Props {
  readonly blocks: readonly Block[];
  readonly add: (block: Block) => void;
}

export function Palette({ blocks, add }: Props): ReactElement {
  const id = useId();
  const [text, setText] = useState("");
  const words = useDeferredValue(text);
  const groups = useMemo(() => grouped(search(blocks, words)), [blocks, words]);
  return (
    <section className="palette" aria-label="Steps to add">
      <label className="sr-only" htmlFor={id}>Search steps to add</label>
      <input id={id} type="search" className="input input-sm" placeholder="Search steps to add" value={text} onChange={(event) => setText(event.target.value)} />
      <div className="palette-list">
        {groups.map(([group, members]) => (
          <section key={group} aria-label={group}>
            <h3>{group}</h3>
            {members.map((block) => (
              <button key={block.key} type="button" className="block" draggable title={block.doc.split("\n")[0]}
                onClick={() => add(block)}
                onDragStart={(event) => {
                  event.dataTransfer.setData(BLOCK_TYPE, block.key);
                  event.dataTransfer.effectAllowed = "copy";
                }}>
                <Icon name={KINDS[block.kind].icon} /><span>{block.title}</span>
              </button>
            ))}
          </section>
        ))}
        {!groups.length && <p className="hint">Nothing matches “{words}”.</p>}
      </div>
    </section>
  );
}

function grouped(blocks: readonly Block[]): [string, Block[]][] {
  const groups = new Map<string, Block[]>();
  for (const block of blocks) groups.set(block.group, [...(groups.get(block.group) ?? []), block]);
  return [...groups];
}
