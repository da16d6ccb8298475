/** Past runs that values can be taken from. Pure. */

export interface Source {
  readonly id: string;
  readonly status: string;
  readonly trial: boolean;
  readonly created_at: string;
}

export function sourceText({ status, trial, created_at }: Source): string {
  const at = new Date(created_at).toLocaleString(undefined, { dateStyle: "short", timeStyle: "medium" });
  return `the ${trial ? "trial" : "run"} of ${at} (${status})`;
}
