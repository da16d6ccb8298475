/** Problems that the server has found, and their places on the canvas. Pure. */

export interface Problem {
  readonly code: string;
  readonly path: string;
  readonly message: string;
  readonly level: "error" | "warning";
}
export type Spot = { readonly on: "step" | "edge"; readonly index: number; readonly field: string } | { readonly on: "workflow"; readonly field: string };
export interface Marks {
  readonly errors: number;
  readonly warnings: number;
}

export function spotOf({ path }: Pick<Problem, "path">): Spot {
  const match = /^(steps|edges)\[(\d+)\]\.?(.*)$/.exec(path);
  if (!match) return { on: "workflow", field: path };
  return { on: match[1] === "steps" ? "step" : "edge", index: Number(match[2]), field: match[3] ?? "" };
}

/** Counts by place, keyed as `step:2` or `edge:0`. */
export function marksOf(problems: readonly Problem[]): ReadonlyMap<string, Marks> {
  const marks = new Map<string, Marks>();
  for (const problem of problems) {
    const spot = spotOf(problem);
    if (spot.on === "workflow") continue;
    const key = `${spot.on}:${spot.index}`;
    const { errors, warnings } = marks.get(key) ?? { errors: 0, warnings: 0 };
    const isError = problem.level === "error";
    marks.set(key, { errors: errors + Number(isError), warnings: warnings + Number(!isError) });
  }
  return marks;
}

export function problemsAt(problems: readonly Problem[], on: "step" | "edge", index: number): readonly Problem[] {
  return problems.filter((problem) => {
    const spot = spotOf(problem);
    return spot.on === on && spot.index === index;
  });
}
