/** The graph as a tree to walk through: steps in the order in which they may run, below each its undo and where it leads. Pure. */
import type { StepView } from "./nodes";
import { edgesOf, textOf, type Document } from "./document";

export interface OutlineItem {
  readonly key: string;
  readonly is: "step" | "undo" | "edge";
  /** The step on the canvas that it belongs to. */
  readonly step: string;
  /** The place of an edge in the document. */
  readonly edge: number;
  readonly text: string;
  readonly note: string;
  readonly position: number;
  readonly size: number;
}

/** What is seen while the steps in `open` are unfolded. */
export function outlineOf(document: Document, views: ReadonlyMap<string, StepView>, open: ReadonlySet<string>): OutlineItem[] {
  const out = outgoing(document, views);
  const order = topological([...views.keys()], out);
  return order.flatMap((id, place) => {
    const view = views.get(id)!;
    const item: OutlineItem = { key: id, is: "step", step: id, edge: -1, text: view.title, note: noteOf(view), position: place + 1, size: order.length };
    return open.has(id) ? [item, ...children(id, view, out.get(id) ?? [])] : [item];
  });
}

interface Way {
  readonly edge: number;
  readonly to: string;
  readonly when: string;
}

function children(id: string, view: StepView, ways: readonly Way[]): OutlineItem[] {
  const size = ways.length + 1;
  return [
    { key: `${id}|undo`, is: "undo", step: id, edge: -1, text: `Undo: ${view.slot.text}`, note: "", position: 1, size },
    ...ways.map(({ edge, to, when }, index): OutlineItem => (
      { key: `${id}|${edge}`, is: "edge", step: id, edge, text: `Leads to ${to}`, note: when, position: index + 2, size }
    )),
  ];
}

function noteOf({ does, marks }: StepView): string {
  if (!marks) return does;
  return marks.errors ? `${does}, ${marks.errors} problem${marks.errors > 1 ? "s" : ""}` : `${does}, ${marks.warnings} warning${marks.warnings > 1 ? "s" : ""}`;
}

function outgoing(document: Document, views: ReadonlyMap<string, StepView>): Map<string, Way[]> {
  const found = new Map<string, Way[]>();
  edgesOf(document).forEach((edge, index) => {
    const [from, to] = [textOf(edge.from), textOf(edge.to)];
    if (!views.has(from) || !views.has(to)) return;
    const when = edge.otherwise === true ? "otherwise" : textOf(edge.when);
    found.set(from, [...(found.get(from) ?? []), { edge: index, to, when }]);
  });
  return found;
}

/** Ties in the order of the document; steps on a cycle, which a draft may have, come last. */
function topological(ids: readonly string[], out: ReadonlyMap<string, readonly Way[]>): string[] {
  const waits = new Map(ids.map((id) => [id, 0]));
  for (const ways of out.values()) for (const { to } of ways) waits.set(to, waits.get(to)! + 1);
  const ready = ids.filter((id) => !waits.get(id));
  const order: string[] = [];
  for (let place = 0; place < ready.length; place += 1) {
    order.push(ready[place]!);
    for (const { to } of out.get(ready[place]!) ?? []) {
      waits.set(to, waits.get(to)! - 1);
      if (!waits.get(to)) ready.push(to);
    }
  }
  const seen = new Set(order);
  return [...order, ...ids.filter((id) => !seen.has(id))];
}
