/** The palette of blocks: dragged to the canvas, or added with a click or Enter. */
import { lazy, Suspense, useDeferredValue, useId, useMemo, useState, type ReactElement } from "react";
import { headingsOf, search, type Block, type Headings } from "../../graph/model/catalog";
import { Icon } from "../../shared/icons";
import { KINDS } from "../../shared/kinds";
import type { Api } from "../model/operations";
import type { Taking } from "../draft/useTaking";
import { BLOCK_TYPE } from "./blockType";
import { Operations } from "./Operations";

const Examined = lazy(() => import("./Examined"));

interface Props {
  readonly blocks: readonly Block[];
  readonly apis: readonly Api[];
  readonly taking: Taking;
}

export function Palette({ blocks, apis, taking: { add, addOperation } }: Props): ReactElement {
  const id = useId();
  const [text, setText] = useState("");
  const words = useDeferredValue(text);
  const headings = useMemo(() => headingsOf(search(blocks, words)), [blocks, words]);
  const isSearch = words.trim() !== "";
  return (
    <section className="palette" aria-label="Steps to add">
      <label className="sr-only" htmlFor={id}>Search steps to add</label>
      <input id={id} type="search" className="input input-sm" placeholder="Search steps to add" value={text} onChange={(event) => setText(event.target.value)} />
      <div className="palette-list">
        {headings.filter(({ fold }) => fold === "").map(({ fold, groups }) => <Groups key={fold} groups={groups} add={add} />)}
        {apis.map((api) => <Operations key={api.connection} api={api} words={words} add={addOperation} />)}
        {headings.filter(({ fold }) => fold !== "").map(({ fold, groups }) => (
          <details key={`${fold}:${isSearch}`} className="palette-fold" open={isSearch}><summary>{fold}</summary><Groups groups={groups} add={add} /></details>
        ))}
        {!headings.length && !apis.length && <p className="hint">Nothing matches “{words}”.</p>}
      </div>
    </section>
  );
}

interface GroupsProps extends Pick<Headings, "groups"> {
  readonly add: Taking["add"];
}

function Groups({ groups, add }: GroupsProps): ReactElement {
  return <>{groups.map(([group, members]) => <Group key={group} title={group} blocks={members} add={add} />)}</>;
}

interface GroupProps {
  readonly title: string;
  readonly blocks: readonly Block[];
  readonly add: Taking["add"];
}

function Group({ title, blocks, add }: GroupProps): ReactElement {
  return (
    <section aria-label={title}>
      <h2>{title}</h2>
      {blocks.map((block) => (
        <button key={block.key} type="button" className="block" draggable title={block.doc.split("\n")[0]}
          onClick={() => add(block)}
          onDragStart={(event) => {
            event.dataTransfer.setData(BLOCK_TYPE, block.key);
            event.dataTransfer.effectAllowed = "copy";
          }}>
          <Icon name={KINDS[block.kind].icon} /><span>{block.title}</span>{block.worker && <Suspense><Examined worker={block.worker} /></Suspense>}
        </button>
      ))}
    </section>
  );
}
