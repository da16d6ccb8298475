/** Calls about the proof of a draft. None throws: what the server does not answer is null. */
import { get, post, type CallResult } from "../../graph/model/calls";

export interface Property {
  readonly id: string;
  readonly sentence: string;
  readonly holds: boolean;
}

/** `state`: "none" before the first one. `current`: it speaks of what would be published now. */
export interface Proof {
  readonly state: "none" | "running" | "done" | "stopped" | "failed";
  readonly holds: boolean;
  readonly current: boolean;
  readonly states: number;
  readonly properties: readonly Property[];
}

type Answer = Omit<Proof, "states" | "properties"> & {
  readonly progress?: { readonly states?: number };
  readonly content: { readonly properties: readonly Property[] } | null;
};

export async function readProof(api: string): Promise<Proof | null> {
  return proofOf(await get<Answer>(`${api}/proof`));
}

export async function startProof(api: string): Promise<Proof | null> {
  return proofOf(await post<Answer>(`${api}/proof`, {}));
}

function proofOf(result: CallResult<Answer>): Proof | null {
  if (result.is === "refused") return null;
  const { state, holds, current, progress, content } = result.value;
  return { state, holds, current, states: progress?.states ?? 0, properties: content?.properties ?? [] };
}
