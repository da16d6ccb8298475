/** What became of an edge in a run. The entry that ends a step says which of its edges were taken. Pure. */

/** The targets of a step's edges that were taken, and of those that were not; of error edges if its failure was caught. */
export interface Routes {
  readonly taken: readonly string[];
  readonly dead: readonly string[];
  readonly isCaught: boolean;
}

/** `open`: not decided yet, or never. `back`: taken, and what both of its steps did is being undone or is undone. */
export type Way = "open" | "done" | "dead" | "back";

/** A skipped step, too, has taken its edges if only its own condition was false. */
interface End {
  readonly undo: string;
  readonly routes?: Routes | null;
}

export function wayOf(source: End | undefined, target: End | undefined, targetName: string, isError: boolean): Way {
  const routes = source?.routes;
  if (!source || !target || !routes) return "open";
  const isTaken = routes.isCaught === isError && routes.taken.includes(targetName);
  if (!isTaken) return "dead";
  const isUndone = ({ undo }: End): boolean => undo !== "none" && undo !== "taken_over";
  return isUndone(source) && isUndone(target) && target.undo !== "pending" ? "back" : "done";
}
