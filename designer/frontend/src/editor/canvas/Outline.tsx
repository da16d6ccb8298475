/** The same workflow as a tree for keyboards and screen readers; only the rows in view are drawn. */
import { useEffect, useMemo, useRef, useState, type KeyboardEvent, type ReactElement } from "react";
import { stepViews } from "../../graph/model/nodes";
import { outlineOf, type OutlineItem } from "../../graph/model/outline";
import { marksOf } from "../../graph/model/problems";
import type { Asked } from "../draft/openDialog";
import { focusPart } from "../draft/focus";
import { Icon } from "../../shared/icons";
import { KINDS } from "../../shared/kinds";
import type { Workbench } from "../draft/useWorkbench";

const ROW = 28;
const SPARE = 10;
const STEP_OF_A_MOVE = 20;
const MOVES: Readonly<Record<string, readonly [number, number]>> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

interface Props {
  readonly bench: Workbench;
  readonly ask: (dialog: Asked) => void;
}

export default function Outline({ bench, ask }: Props): ReactElement {
  const { design: { document, problems }, catalog, chosen } = bench;
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const [active, setActive] = useState("");
  const views = useMemo(() => stepViews(document, catalog, marksOf(problems)), [document, catalog, problems]);
  const items = useMemo(() => outlineOf(document, views, open), [document, views, open]);
  const place = placeOf(items, active, chosen.steps);
  const item = items[place];
  const fold = (step: string, isOpen: boolean): void => setOpen((before) => new Set(isOpen ? [...before, step] : [...before].filter((one) => one !== step)));
  const go = (next: OutlineItem | undefined): void => {
    if (!next) return;
    setActive(next.key);
    if (next.is === "edge") bench.chooseEdge(next.edge);
    else bench.chooseSteps([next.step]);
  };
  const press = (event: KeyboardEvent): void => {
    if (!item || !walk(event) && !act(event, item)) return;
    event.preventDefault();
    event.stopPropagation();
  };
  const walk = ({ key, altKey, ctrlKey, metaKey }: KeyboardEvent): boolean => {
    if (!item || altKey || ctrlKey || metaKey) return false;
    const isOpen = open.has(item.step);
    switch (key) {
      case "ArrowDown": go(items[place + 1]); return true;
      case "ArrowUp": go(items[place - 1]); return true;
      case "Home": go(items[0]); return true;
      case "End": go(items.at(-1)); return true;
      case "ArrowRight": if (item.is === "step" && !isOpen) fold(item.step, true); else if (item.is === "step") go(items[place + 1]); return true;
      case "ArrowLeft": if (item.is === "step") fold(item.step, false); else go(items.find((one) => one.key === item.step)); return true;
      default: return false;
    }
  };
  const act = ({ key, altKey, ctrlKey, metaKey }: KeyboardEvent, at: OutlineItem): boolean => {
    const move = altKey ? MOVES[key] : undefined;
    if (move) { bench.nudge(move[0] * STEP_OF_A_MOVE, move[1] * STEP_OF_A_MOVE); return true; }
    if (altKey || ctrlKey || metaKey) return false;
    const acts: Readonly<Record<string, () => void>> = {
      Enter: () => { go(at); bench.inspect(at.is === "undo" ? "Undo" : null); },
      " ": () => bench.toggle(at.step), Delete: () => removeAt(at), Backspace: () => removeAt(at),
      a: () => ask("add"), c: () => ask("connect"), u: () => bench.inspect("Undo"),
    };
    acts[key]?.();
    return key in acts;
  };
  const removeAt = (at: OutlineItem): void => {
    const next = items.slice(place + 1).find((one) => one.step !== at.step) ?? items.slice(0, place).reverse().find((one) => one.is === "step");
    setActive(at.is === "edge" ? at.step : next?.key ?? "");
    if (at.is === "edge") bench.remove([], [`${at.edge}:`]);
    else bench.removeChosen();
    const stays = at.is === "edge" ? at.step : next?.step;
    if (stays !== undefined) bench.chooseSteps([stays]);
  };
  return (
    <section className="outline-panel" aria-label="Outline">
      <Rows items={items} place={place} open={open} views={views} chosen={chosen.steps} press={press} enter={() => go(items[place])} click={(one) => { go(one); if (one.is === "step") fold(one.step, !open.has(one.step)); }} />
      <div className="outline-acts" role="toolbar" aria-label="Acts on the chosen step">
        <button type="button" className="btn btn-xs" onClick={() => ask("add")}>{item ? "Add after" : "Add"}</button>
        <button type="button" className="btn btn-xs" disabled={bench.step < 0} onClick={() => ask("connect")}>Connect</button>
        <button type="button" className="btn btn-xs" disabled={bench.step < 0} onClick={() => bench.inspect("Undo")}>Undo slot</button>
        <button type="button" className="btn btn-xs" disabled={!item} onClick={() => { if (item) removeAt(item); focusPart("outline"); }}>Delete</button>
      </div>
    </section>
  );
}

interface RowsProps {
  readonly items: readonly OutlineItem[];
  readonly place: number;
  readonly open: ReadonlySet<string>;
  readonly views: ReturnType<typeof stepViews>;
  readonly chosen: ReadonlySet<string>;
  readonly press: (event: KeyboardEvent) => void;
  readonly enter: () => void;
  readonly click: (item: OutlineItem) => void;
}

function Rows({ items, place, open, views, chosen, press, enter, click }: RowsProps): ReactElement {
  const box = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  const height = box.current?.clientHeight ?? 400;
  const first = Math.max(0, Math.floor(top / ROW) - SPARE);
  const last = Math.ceil((top + height) / ROW) + SPARE;
  useEffect(() => {
    const tree = box.current;
    if (!tree || place < 0) return;
    if (place * ROW < tree.scrollTop) tree.scrollTop = place * ROW;
    else if ((place + 1) * ROW > tree.scrollTop + tree.clientHeight) tree.scrollTop = (place + 1) * ROW - tree.clientHeight;
  }, [place]);
  useEffect(() => box.current?.focus(), []);
  const shown = items.map((item, index) => ({ item, index })).filter(({ index }) => (index >= first && index < last) || index === place);
  return (
    <div ref={box} className="outline-tree" role="tree" tabIndex={0} data-part="outline" aria-label="Steps of the workflow" aria-multiselectable="true"
      aria-activedescendant={place >= 0 ? `outline-${items[place]!.key}` : undefined}
      onKeyDown={press} onFocus={(event) => { if (event.target === event.currentTarget) enter(); }} onScroll={(event) => setTop(event.currentTarget.scrollTop)}>
      {!items.length && <p className="hint">No steps yet. Press / to add one.</p>}
      <div role="presentation" style={{ height: items.length * ROW }} />
      {shown.map(({ item, index }) => (
        <div key={item.key} style={{ top: index * ROW }} id={`outline-${item.key}`} role="treeitem" className="outline-row" data-is={item.is} data-active={index === place || undefined}
          aria-level={item.is === "step" ? 1 : 2} aria-posinset={item.position} aria-setsize={item.size}
          aria-expanded={item.is === "step" ? open.has(item.step) : undefined} aria-selected={item.is === "step" ? chosen.has(item.step) : index === place} onClick={() => click(item)}>
          <Icon name={item.is === "step" ? KINDS[views.get(item.step)!.kind].icon : item.is === "undo" ? "undo" : "right"} />
          <span>{item.text}</span>{item.note && <span className="muted">{item.note}</span>}
        </div>
      ))}
    </div>
  );
}

/** The row where the keyboard is: the last one gone to, else the chosen step's, else the first. */
function placeOf(items: readonly OutlineItem[], active: string, chosen: ReadonlySet<string>): number {
  const at = items.findIndex(({ key }) => key === active);
  const isElsewhere = at >= 0 && chosen.size === 1 && !chosen.has(items[at]!.step);
  if (at >= 0 && !isElsewhere) return at;
  const found = items.findIndex(({ is, step }) => is === "step" && chosen.has(step));
  return found >= 0 ? found : items.length ? Math.max(at, 0) : -1;
}
