/** Fixes: each leaves a document in which its problem is no more. */
import { describe, expect, it } from "vitest";
import { applyCommand } from "../../../src/editor/model/commands";
import { fixesOf } from "../../../src/editor/model/fixes";
import { edgesOf, stepsOf, type Document } from "../../../src/graph/model/document";
import type { Problem } from "../../../src/graph/model/problems";

const problem = (code: string, path: string, message = ""): Problem => ({ code, path, message, level: "error" });
const DRAFT: Document = {
  name: "draft", steps: [{ name: "a", worker: "read" }, { name: "b", worker: "raed", tilte: "B" }, { name: "c", kind: "group", body: { steps: [{ name: "d", worker: "w" }] } }],
  edges: [{ from: "a", to: "b", otherwise: true }, { from: "a", to: "gone" }],
};
const mended = (found: Problem, place = 0): Document => applyCommand(DRAFT, fixesOf(DRAFT, found)[place]!.command);

describe("a problem with a known fix", () => {
  it("of a step is mended in the step", () => {
    expect(stepsOf(mended(problem("undo_unstated", "steps[0].compensation")))[0]!.compensation).toBe("none");
    expect(stepsOf(mended(problem("undo_unstated", "steps[0].compensation"), 1))[0]!.compensation).toBe("irreversible");
    expect(stepsOf(mended(problem("unknown_worker", "steps[1].worker", "there is no worker 'raed'; did you mean 'read'?")))[1]!.worker).toBe("read");
    expect(stepsOf(mended(problem("unknown_field", "steps[1].tilte", "'tilte' is not a field; did you mean 'title'?")))[1]).toEqual({ name: "b", worker: "raed", title: "B" });
  });

  it("of a step inside another one is mended there", () => {
    const next = mended(problem("undo_unstated", "steps[2].body.steps[0].compensation"));
    expect(stepsOf(next)[2]!.body).toEqual({ steps: [{ name: "d", worker: "w", compensation: "none" }] });
  });

  it("of an edge is mended by another edge, or none", () => {
    expect(edgesOf(mended(problem("otherwise_alone", "edges[0].otherwise")))[0]).toEqual({ from: "a", to: "b" });
    expect(edgesOf(mended(problem("dangling_edge", "edges[1].to")))).toHaveLength(1);
  });

  it("of a step without edges is mended by an edge from the one before it", () => {
    expect(edgesOf(mended(problem("unconnected", "steps[2]"))).at(-1)).toEqual({ from: "b", to: "c" });
    expect(fixesOf(DRAFT, problem("unconnected", "steps[0]"))).toEqual([]);
  });

  it("of the workflow is mended in the workflow", () => expect(mended(problem("schema_filled_in", "schema")).schema).toBe(1));
});

it("offers nothing for other problems, or for places that are not there", () => {
  for (const found of [problem("bad_expression", "steps[0].when"), problem("unknown_field", "steps[9].x"), problem("unknown_field", "steps[0].x")]) expect(fixesOf(DRAFT, found)).toEqual([]);
});
