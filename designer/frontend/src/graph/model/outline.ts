/** The graph as a tree: steps in the order in which they may run, and below each its undo and its edges. Pure. */
import { present } from "../../shared/present";
import { takenWhen, type StepView } from "./nodes";
import { edgesOf, isErrorEdge, textOf, type Document } from "./document";

export interface OutlineItem {
  readonly key: string;
  readonly is: "step" | "undo" | "body" | "edge";
  /** The step on the canvas that it belongs to. */
  readonly step: string;
  /** The place of an edge in the document. */
  readonly edge: number;
  readonly text: string;
  readonly note: string;
  readonly position: number;
  readonly size: number;
}

/** The visible items while the steps in `open` are unfolded. */
export function outlineOf(document: Document, views: ReadonlyMap<string, StepView>, open: ReadonlySet<string>): OutlineItem[] {
  const out = outgoing(document, views);
  const order = topological([...views.keys()], out);
  return order.flatMap((id, place) => {
    const view = present(views.get(id));
    const item: OutlineItem = { key: id, is: "step", step: id, edge: -1, text: view.title, note: noteOf(view), position: place + 1, size: order.length };
    return open.has(id) ? [item, ...children(id, view, out.get(id) ?? [])] : [item];
  });
}

interface Outgoing {
  readonly edge: number;
  readonly to: string;
  readonly when: string;
  readonly isError: boolean;
}

function children(id: string, view: StepView, edges: readonly Outgoing[]): OutlineItem[] {
  const before = view.inner === null ? 1 : 2;
  const size = edges.length + before;
  return [
    { key: `${id}|undo`, is: "undo", step: id, edge: -1, text: `Undo: ${view.slot.text}`, note: "", position: 1, size },
    ...(view.inner === null ? [] : [{ key: `${id}|body`, is: "body" as const, step: id, edge: -1, text: "Its steps", note: String(view.inner), position: 2, size }]),
    ...edges.map(({ edge, to, when, isError }, index): OutlineItem => (
      { key: `${id}|${edge}`, is: "edge", step: id, edge, text: isError ? `If it fails, to ${to}` : `Leads to ${to}`, note: when, position: index + before + 1, size }
    )),
  ];
}

function noteOf({ does, marks }: StepView): string {
  if (!marks) return does;
  return marks.errors ? `${does}, ${marks.errors} problem${marks.errors > 1 ? "s" : ""}` : `${does}, ${marks.warnings} warning${marks.warnings > 1 ? "s" : ""}`;
}

function outgoing(document: Document, views: ReadonlyMap<string, StepView>): Map<string, Outgoing[]> {
  const outgoingEdges = new Map<string, Outgoing[]>();
  edgesOf(document).forEach((edge, index) => {
    const [from, to] = [textOf(edge.from), textOf(edge.to)];
    if (!views.has(from) || !views.has(to)) return;
    outgoingEdges.set(from, [...(outgoingEdges.get(from) ?? []), { edge: index, to, when: takenWhen(edge), isError: isErrorEdge(edge) }]);
  });
  return outgoingEdges;
}

/** Ties in the order of the document; steps on a cycle, which a draft may have, come last. */
function topological(ids: readonly string[], out: ReadonlyMap<string, readonly Outgoing[]>): string[] {
  const waits = new Map(ids.map((id) => [id, 0]));
  for (const edges of out.values()) for (const { to } of edges) waits.set(to, present(waits.get(to)) + 1);
  const ready = ids.filter((id) => !waits.get(id));
  const order: string[] = [];
  for (const id of ready) {
    order.push(id);
    for (const { to } of out.get(id) ?? []) {
      waits.set(to, present(waits.get(to)) - 1);
      if (!waits.get(to)) ready.push(to);
    }
  }
  const seen = new Set(order);
  return [...order, ...ids.filter((id) => !seen.has(id))];
}
