/** Statuses of steps and of their undos in words; the same as the server's badges. Pure. */

export type Word = readonly [icon: string, tone: string, text: string, moves?: "spin" | "rise"];

const STEP: Readonly<Record<string, Word>> = {
  pending: ["idle", "idle", "Pending"],
  queued: ["queue", "busy", "Queued"],
  running: ["spin", "busy", "Running", "spin"],
  retrying: ["retry", "care", "Retrying"],
  waiting: ["wait", "hold", "Waiting"],
  blocked: ["hand", "stop", "Blocked"],
  completed: ["check", "go", "Completed"],
  skipped: ["skip", "idle", "Skipped"],
  failed: ["cross", "stop", "Failed"],
  cancelled: ["ban", "idle", "Cancelled"],
  unreached: ["idle", "idle", "Not reached"],
};
const UNDO: Readonly<Record<string, Word>> = {
  pending: ["undo", "back", "Undo planned"],
  running: ["undo", "back", "Undoing", "rise"],
  compensated: ["undone", "back", "Undone"],
  failed: ["cross", "stop", "Undo failed"],
  resolved: ["pen", "back", "Undone by hand"],
  abandoned: ["flag", "stop", "Left undone"],
};
const RUN: Readonly<Record<string, Word>> = {
  pending: ["idle", "idle", "Pending"],
  running: ["spin", "busy", "Running", "spin"],
  waiting: ["wait", "hold", "Waiting"],
  compensating: ["undo", "back", "Undoing", "rise"],
  blocked: ["hand", "stop", "Blocked"],
  completed: ["check", "go", "Completed"],
  compensated: ["undone", "back", "Undone"],
  failed: ["cross", "stop", "Failed"],
  cancelled: ["ban", "idle", "Cancelled"],
};

export function stepWord(status: string): Word {
  return STEP[status] ?? ["idle", "idle", status];
}

/** Null where there is nothing to say: no undo has been planned. */
export function undoWord(undo: string): Word | null {
  return undo === "none" || !undo ? null : UNDO[undo] ?? ["undo", "back", undo];
}

export function runWord(status: string): Word {
  return RUN[status] ?? ["idle", "idle", status];
}
