/** What depends on a worker now, as the server counts it. Pure. */
export interface BlastRadius {
  readonly workflows: readonly { readonly workflow: string; readonly places: readonly string[]; readonly open_runs: number; readonly undos: number }[];
  readonly open_runs: number;
  readonly undos: number;
  /** Whether nothing was left out. */
  readonly is_all: boolean;
}

export function dependentsText({ workflows, open_runs: runs, undos, is_all: isAll }: BlastRadius): string {
  if (!workflows.length) return "No workflow calls it.";
  const more = isAll ? "" : " There may be more: not all was counted.";
  return `${counted(workflows.length, "workflow")}, ${counted(runs, "open run")}, and ${counted(undos, "effect")} that it would undo.${more}`;
}

const counted = (count: number, noun: string): string => `${count.toLocaleString()} ${noun}${count === 1 ? "" : "s"}`;
