/** The document as nodes and edges of the canvas: derived, never the document itself. Pure. */
import { nearest } from "../../shared/json";
import { present } from "../../shared/present";
import { slotOf, type Catalog, type Slot } from "./catalog";
import { wordsOf, type Kind } from "../../shared/kinds";
import { callOf, edgesOf, errorsOf, idsOf, isErrorEdge, isObject, kindOf, layoutOf, stepsOf, textOf, traitsOf, type Document, type Edge, type Place, type Places, type Step } from "./document";
import { idOf, type Section } from "./bodies";
import type { Marks } from "./problems";

export const NODE_WIDTH = 236;
export const NODE_HEIGHT = 128;
const LABEL_LENGTH_MAX = 28;

export interface StepView {
  readonly [key: string]: unknown;
  readonly index: number;
  readonly name: string;
  readonly title: string;
  readonly kind: Kind;
  readonly does: string;
  readonly badges: readonly string[];
  /** How many steps its body has; null without a body. */
  readonly inner: number | null;
  readonly slot: Slot;
  readonly marks: Marks | null;
}
export interface EdgeView {
  readonly id: string;
  readonly index: number;
  readonly source: string;
  readonly target: string;
  readonly label: string;
  readonly isError: boolean;
  /** Whether it is drawn within a frame, where it cannot be chosen. */
  readonly isInner?: boolean;
  readonly marks: Marks | null;
}
export type MarksAt = (path: string) => ReadonlyMap<string, Marks>;
const NO_MARKS: ReadonlyMap<string, Marks> = new Map();
export const unmarked: MarksAt = () => NO_MARKS;

/** A step that did not change keeps its view object, so that it is not drawn again. */
export function stepViews(document: Document, catalog: Catalog, marks: ReadonlyMap<string, Marks>): Map<string, StepView> {
  const steps = stepsOf(document);
  const ids = idsOf(steps);
  return new Map(steps.map((step, index) => [present(ids[index]), knownView(step, index, catalog, marks.get(`step:${index}`) ?? null)]));
}

/** Edges with both ends on the canvas; the server reports the others as problems. */
export function edgeViews(document: Document, marks: ReadonlyMap<string, Marks>): EdgeView[] {
  const ids = new Set(idsOf(stepsOf(document)));
  return edgesOf(document).flatMap((edge, index) => {
    const [source, target] = [textOf(edge.from), textOf(edge.to)];
    const view = { id: `${index}:${source}>${target}`, index, source, target, label: labelOf(edge), isError: isErrorEdge(edge), marks: marks.get(`edge:${index}`) ?? null };
    return ids.has(source) && ids.has(target) ? [view] : [];
  });
}

/** The views of several graphs on one canvas; `marksAt` gives the marks of the graph with a path. */
export function viewsIn(sections: readonly Section[], catalog: Catalog, marksAt: MarksAt): ReadonlyMap<string, StepView> {
  return new Map(sections.flatMap(({ path, document }) => [...stepViews(document, catalog, marksAt(path))].map(([name, view]) => [idOf(path, name), view] as const)));
}

export function edgesIn(sections: readonly Section[], marksAt: MarksAt): EdgeView[] {
  return sections.flatMap(({ path, document }) => {
    const views = edgeViews(document, marksAt(path));
    return path ? views.map((view) => ({ ...view, id: `${path}|${view.id}`, source: idOf(path, view.source), target: idOf(path, view.target), isInner: true })) : views;
  });
}

/** When an edge is taken, cut to the room there is. */
export function labelOf(edge: Edge): string {
  const label = takenWhen(edge);
  return label.length > LABEL_LENGTH_MAX ? `${label.slice(0, LABEL_LENGTH_MAX - 1)}…` : label;
}

/** When an edge is taken; empty for one that always is. An error edge names the codes that it catches. */
export function takenWhen(edge: Edge): string {
  if (!isErrorEdge(edge)) return edge.otherwise === true ? "otherwise" : textOf(edge.when);
  const [codes, when] = [errorsOf(edge).join(", "), textOf(edge.when)];
  return `${codes ? `fails: ${codes}` : "fails"}${when && ` and ${when}`}`;
}

/** Steps that have no place on the canvas yet. */
export function unplaced(document: Document): string[] {
  const layout = layoutOf(document);
  return idsOf(stepsOf(document)).filter((id) => !layout.has(id));
}

/** The places that a document gives its steps; null unless every step has one. */
export function placesIn(document: Document): Places | null {
  const layout = layoutOf(document);
  return idsOf(stepsOf(document)).every((id) => layout.has(id)) ? layout : null;
}

/** A place for every step without regard to the edges: the fallback when the automatic layout fails. */
export function inRows(document: Document, columns = 8): Places {
  return new Map(idsOf(stepsOf(document)).map((id, index) =>
    [id, [(index % columns) * (NODE_WIDTH + 80), Math.floor(index / columns) * (NODE_HEIGHT + 40)] as const]));
}

export function snapped([x, y]: Place, grid = 10): Place {
  return [Math.round(x / grid) * grid, Math.round(y / grid) * grid];
}

const known = new WeakMap<Step, { readonly catalog: Catalog; readonly view: StepView }>();

function knownView(step: Step, index: number, catalog: Catalog, marks: Marks | null): StepView {
  const before = known.get(step);
  if (before?.catalog === catalog && before.view.index === index && sameMarks(before.view.marks, marks)) return before.view;
  const view = stepView(step, index, catalog, marks);
  known.set(step, { catalog, view });
  return view;
}

function sameMarks(a: Marks | null, b: Marks | null): boolean {
  return a === b || (a?.errors === b?.errors && a?.warnings === b?.warnings);
}

function stepView(step: Step, index: number, catalog: Catalog, marks: Marks | null): StepView {
  const name = textOf(step.name);
  return {
    index, name, title: textOf(step.title) || name || "Unnamed step", kind: kindOf(step),
    does: doesOf(step), badges: badges(step, catalog), inner: isObject(step.body) ? stepsOf(step.body).length : null, slot: slotOf(step, catalog), marks,
  };
}

/** What the step does, in a few words; of one with a body, first how many steps it has inside. */
export function doesOf(step: Step): string {
  const words = wordsOf(traitsOf(step).onCanvas, step);
  if (!isObject(step.body)) return words;
  const count = stepsOf(step.body).length;
  return `${count} ${count === 1 ? "step" : "steps"}${traitsOf(step).startsRun ? "" : ` ${words}`}`;
}

function badges(step: Step, catalog: Catalog): string[] {
  const worker = catalog.get(textOf(step.worker));
  const retry = isObject(step.retry) ? step.retry : Array.isArray(step.retry) ? null : worker?.retry;
  const timeout = nearest(step.timeout ?? worker?.timeout);
  const texts: string[] = [];
  const attempts = nearest(retry?.max_attempts);
  if (attempts !== null) texts.push(`${attempts} ${attempts === 1 ? "try" : "tries"}`);
  if (Array.isArray(step.retry)) texts.push(`${step.retry.length} retry policies`);
  if (timeout !== null) texts.push(`${timeout} s`);
  if (textOf(step.when)) texts.push("guarded");
  if (step.on_failure === "continue" || step.on_failure === "pause") texts.push(`else ${step.on_failure}`);
  if (callOf(step.fallback)) texts.push("fallback");
  if (step.dynamic === true) texts.push("adds steps");
  if (step.pivot === true) texts.push("no return");
  return texts;
}
