/** What mends a problem at once, where that is known. Pure. */
import { graphAt, wayTo } from "../../graph/model/bodies";
import { edgesOf, idsOf, stepsOf, type Document, type Edge, type Json, type Step } from "../../graph/model/document";
import { spotOf, type Problem } from "../../graph/model/problems";
import type { Command } from "./commands";
import { refusalOf } from "./rules";

export interface Fix {
  readonly label: string;
  readonly command: Command;
}

const MEANT = /did you mean '([^']+)'\?/;
/** Codes of fields that a step or an edge is better without. */
const SUPERFLUOUS = new Set(["unknown_field", "no_worker_for", "only_for_runs", "nothing_to_retry", "bad_undo"]);
const EDGE_TOO_MANY = new Set(["dangling_edge", "self_edge", "duplicate_edge", "cycle"]);

/** The fixes of a problem of the document, or of a graph inside one of its steps. */
export function fixesOf(document: Document, problem: Problem): readonly Fix[] {
  const [way, inner] = wayTo(document, problem);
  const graph = graphAt(document, way);
  const spot = spotOf(inner);
  const step = spot.on === "step" ? stepsOf(graph)[spot.index] : undefined;
  const edge = spot.on === "edge" ? edgesOf(graph)[spot.index] : undefined;
  const fixes = spot.on === "workflow" ? ofWorkflow(inner)
    : step ? ofStep(graph, step, spot.index, spot.field, inner) : edge ? ofEdge(edge, spot.index, spot.field, inner) : [];
  return way.length ? fixes.map(({ label, command }) => ({ label, command: { do: "within", way, command } })) : fixes;
}

function ofWorkflow({ code }: Problem): readonly Fix[] {
  return code === "schema_filled_in" ? [{ label: "Write it into the draft", command: { do: "putFields", fields: { schema: 1 } } }] : [];
}

function ofStep(graph: Document, step: Step, index: number, field: string, { code, message }: Problem): readonly Fix[] {
  const put = (label: string, next: Step): Fix => ({ label, command: { do: "putStep", index, step: next } });
  const meant = MEANT.exec(message)?.[1];
  if (code === "undo_unstated") return [put("Nothing to undo", { ...step, compensation: "none" }), put("It cannot be undone", { ...step, compensation: "irreversible" })];
  if (code === "unknown_worker" && meant && field === "worker") return [put(`Use ${meant}`, { ...step, worker: meant })];
  if (code === "unconnected") return connections(graph, index);
  if (!SUPERFLUOUS.has(code) || !(field in step)) return [];
  const renamed: readonly Fix[] = code === "unknown_field" && meant && !(meant in step) ? [put(`Rename it to ${meant}`, renamedField(step, field, meant))] : [];
  return [...renamed, put("Remove it", without(step, field))];
}

/** An edge from the step before it in the document. */
function connections(graph: Document, index: number): readonly Fix[] {
  const ids = idsOf(stepsOf(graph));
  const [before, own] = [ids[index - 1], ids[index]];
  if (before === undefined || own === undefined || refusalOf(graph, before, own, false)) return [];
  return [{ label: `Connect it after ${before}`, command: { do: "connect", ends: [before, own] } }];
}

function ofEdge(edge: Edge, index: number, field: string, { code }: Problem): readonly Fix[] {
  const put = (label: string, next: Edge): Fix => ({ label, command: { do: "putEdge", index, edge: next } });
  if (EDGE_TOO_MANY.has(code)) return [{ label: "Delete the edge", command: { do: "remove", steps: [], edges: [index] } }];
  if (code === "otherwise_alone" || code === "two_otherwise" || code === "otherwise_with_when" || code === "otherwise_on_failed") return [put("Take it always", without(edge, "otherwise"))];
  if (code === "errors_without_on") return [put("Make it an error edge", { ...edge, on: "failed" })];
  return SUPERFLUOUS.has(code) && field in edge ? [put("Remove it", without(edge, field))] : [];
}

function without<Fields extends Readonly<Record<string, Json>>>(fields: Fields, key: string): Record<string, Json> {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => name !== key));
}

function renamedField(step: Step, from: string, to: string): Step {
  return Object.fromEntries(Object.entries(step).map(([name, value]) => [name === from ? to : name, value]));
}
