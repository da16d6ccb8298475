/** Computes places for all steps in a web worker, since dagre takes seconds for 1,000 steps. */
import type { Document, Places } from "./document";

interface Told {
  readonly number: number;
  readonly places: Places;
}
interface Question {
  readonly resolve: (places: Places) => void;
  readonly reject: (reason: Error) => void;
}

const questions = new Map<number, Question>();
let worker: Worker | undefined;
let count = 0;

/** A place for every step, from left to right; rejects when the worker's script cannot be loaded. */
export function arranged({ steps, edges }: Document): Promise<Places> {
  worker ??= start();
  const number = ++count;
  const answer = new Promise<Places>((resolve, reject) => questions.set(number, { resolve, reject }));
  worker.postMessage({ number, document: { steps: steps ?? [], edges: edges ?? [] } });
  return answer;
}

function start(): Worker {
  const made = new Worker(new URL("./layout.worker.ts", import.meta.url), { type: "module" });
  made.addEventListener("message", ({ data }: MessageEvent<Told>) => {
    questions.get(data.number)?.resolve(data.places);
    questions.delete(data.number);
  });
  made.addEventListener("error", () => {
    for (const { reject } of questions.values()) reject(new Error("The steps could not be arranged. Reload the page and try again."));
    questions.clear();
    worker = undefined;
  });
  return made;
}
