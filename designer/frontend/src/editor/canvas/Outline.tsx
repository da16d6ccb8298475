/** The workflow as a tree for keyboards and screen readers; only the rows in view are drawn. */
import { present } from "../../shared/present";
import { useEffect, useMemo, useRef, useState, type KeyboardEvent, type ReactElement } from "react";
import { stepViews } from "../../graph/model/nodes";
import { outlineOf, type OutlineItem } from "../../graph/model/outline";
import { marksOf } from "../../graph/model/problems";
import type { DialogName } from "../draft/openDialog";
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
  readonly ask: (dialog: DialogName) => void;
}

export default function Outline({ bench, ask }: Props): ReactElement {
  const { design: { document, problems }, catalog, chosen } = bench;
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const [active, setActive] = useState("");
  const views = useMemo(() => stepViews(document, catalog, marksOf(problems)), [document, catalog, problems]);
  const items = useMemo(() => outlineOf(document, views, open), [document, views, open]);
  const place = placeOf(items, active, chosen.steps);
  const item = items[place];
  const fold = (step: string, isOpen: boolean): void => setOpen((before) => new Set(isOpen ? [...before, step] : [...before].filter((name) => name !== step)));
  const go = (next: OutlineItem | undefined): void => {
    if (!next) return;
    setActive(next.key);
    if (next.is === "edge") bench.chooseEdge(next.edge);
    else bench.chooseSteps([next.step]);
  };
  const remove = (): void => {
    if (item) setActive(removeItem(bench, items, place, item));
  };
  const tree: Tree = { bench, items, place, open, fold, go, remove, ask };
  const press = (event: KeyboardEvent): void => {
    if (!item || (!walk(event, tree, item) && !act(event, tree, item))) return;
    event.preventDefault();
    event.stopPropagation();
  };
  const click = (target: OutlineItem): void => {
    go(target);
    if (target.is === "step") fold(target.step, !open.has(target.step));
  };
  return (
    <section className="outline-panel" aria-label="Outline">
      <Rows items={items} place={place} open={open} views={views} chosen={chosen.steps} press={press} enter={() => go(item)} click={click} />
      <Acts bench={bench} item={item} ask={ask} remove={remove} />
    </section>
  );
}

interface ActsProps extends Props {
  readonly item: OutlineItem | undefined;
  readonly remove: () => void;
}

function Acts({ bench, item, ask, remove }: ActsProps): ReactElement {
  return (
    <div className="outline-actions" role="toolbar" aria-label="Acts on the chosen step">
      <button type="button" className="btn btn-xs" onClick={() => ask("add")}>{item ? "Add after" : "Add"}</button>
      <button type="button" className="btn btn-xs" disabled={bench.step < 0} onClick={() => ask("connect")}>Connect</button>
      <button type="button" className="btn btn-xs" disabled={bench.step < 0} onClick={() => ask("catch")}>On failure</button>
      <button type="button" className="btn btn-xs" disabled={bench.step < 0} onClick={() => bench.inspect("Undo")}>Undo slot</button>
      {bench.inside && <button type="button" className="btn btn-xs" onClick={() => bench.enter(bench.inside ?? "")}>Open</button>}
      <button type="button" className="btn btn-xs" disabled={!item} onClick={() => { remove(); focusPart("outline"); }}>Delete</button>
    </div>
  );
}

/** What the keys of the tree work on. */
interface Tree {
  readonly bench: Workbench;
  readonly items: readonly OutlineItem[];
  readonly place: number;
  readonly open: ReadonlySet<string>;
  readonly fold: (step: string, isOpen: boolean) => void;
  readonly go: (item: OutlineItem | undefined) => void;
  readonly remove: () => void;
  readonly ask: (dialog: DialogName) => void;
}

/** Keys that move through the tree; false for any other key. */
function walk({ key, altKey, ctrlKey, metaKey }: KeyboardEvent, { items, place, open, fold, go }: Tree, item: OutlineItem): boolean {
  if (altKey || ctrlKey || metaKey) return false;
  const isStep = item.is === "step";
  switch (key) {
    case "ArrowDown": go(items[place + 1]); return true;
    case "ArrowUp": go(items[place - 1]); return true;
    case "Home": go(items[0]); return true;
    case "End": go(items.at(-1)); return true;
    case "ArrowRight": if (isStep && !open.has(item.step)) fold(item.step, true); else if (isStep) go(items[place + 1]); return true;
    case "ArrowLeft": if (isStep) fold(item.step, false); else go(items.find((other) => other.key === item.step)); return true;
    default: return false;
  }
}

/** Keys that do something with the item; false for any other key. */
function act({ key, altKey, ctrlKey, metaKey }: KeyboardEvent, { bench, go, remove, ask }: Tree, item: OutlineItem): boolean {
  const move = altKey ? MOVES[key] : undefined;
  if (move) {
    bench.nudge(move[0] * STEP_OF_A_MOVE, move[1] * STEP_OF_A_MOVE);
    return true;
  }
  if (altKey || ctrlKey || metaKey) return false;
  const actions: Readonly<Record<string, () => void>> = {
    Enter: () => { go(item); if (item.is === "body") bench.enter(item.step); else bench.inspect(item.is === "undo" ? "Undo" : null); },
    " ": () => bench.toggle(item.step), Delete: remove, Backspace: remove,
    b: () => bench.enter(item.step), a: () => ask("add"), c: () => ask("connect"), e: () => ask("catch"), u: () => bench.inspect("Undo"),
  };
  actions[key]?.();
  return key in actions;
}

/** Removes what is chosen, or the edge of the item; returns the key of the item where the keyboard is then. */
function removeItem(bench: Workbench, items: readonly OutlineItem[], place: number, item: OutlineItem): string {
  const next = items.slice(place + 1).find((other) => other.step !== item.step) ?? items.slice(0, place).reverse().find((other) => other.is === "step");
  if (item.is === "edge") bench.remove([], [`${item.edge}:`]);
  else bench.removeChosen();
  const remaining = item.is === "edge" ? item.step : next?.step;
  if (remaining !== undefined) bench.chooseSteps([remaining]);
  return item.is === "edge" ? item.step : next?.key ?? "";
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
      aria-activedescendant={place >= 0 ? `outline-${present(items[place]).key}` : undefined}
      onKeyDown={press} onFocus={(event) => { if (event.target === event.currentTarget) enter(); }} onScroll={(event) => setTop(event.currentTarget.scrollTop)}>
      {!items.length && <p className="hint">No steps yet. Press / to add one.</p>}
      <div role="presentation" style={{ height: items.length * ROW }} />
      {shown.map(({ item, index }) => (
        <div key={item.key} style={{ top: index * ROW }} id={`outline-${item.key}`} role="treeitem" className="outline-row" data-is={item.is} data-active={index === place || undefined}
          aria-level={item.is === "step" ? 1 : 2} aria-posinset={item.position} aria-setsize={item.size}
          aria-expanded={item.is === "step" ? open.has(item.step) : undefined} aria-selected={item.is === "step" ? chosen.has(item.step) : index === place} onClick={() => click(item)}>
          <Icon name={item.is === "step" ? KINDS[present(views.get(item.step)).kind].icon : item.is === "undo" ? "undo" : item.is === "body" ? "flow" : "right"} />
          <span>{item.text}</span>{item.note && <span className="muted">{item.note}</span>}
        </div>
      ))}
    </div>
  );
}

/** The row with the keyboard focus: the last visited one, else the chosen step's, else the first. */
function placeOf(items: readonly OutlineItem[], active: string, chosen: ReadonlySet<string>): number {
  const at = items.findIndex(({ key }) => key === active);
  const isElsewhere = at >= 0 && chosen.size === 1 && !chosen.has(present(items[at]).step);
  if (at >= 0 && !isElsewhere) return at;
  const chosenPlace = items.findIndex(({ is, step }) => is === "step" && chosen.has(step));
  return chosenPlace >= 0 ? chosenPlace : items.length ? Math.max(at, 0) : -1;
}
