/** Past runs whose values previews and trials can begin with. Pure. */

export interface PastRun {
  readonly id: string;
  readonly status: string;
  readonly trial: boolean;
  readonly created_at: string;
}

export function pastRunText({ status, trial, created_at }: PastRun): string {
  const at = new Date(created_at).toLocaleString(undefined, { dateStyle: "short", timeStyle: "medium", hourCycle: "h23" });
  return `the ${trial ? "trial" : "run"} of ${at} (${status})`;
}
