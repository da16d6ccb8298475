/** Calls about one run. They reject when the server cannot be reached or refuses. */
import type { Document } from "../../graph/model/document";
import { bodyOf, isBusy } from "../../shared/json";
import { asText, frameOf, frameOfRow, isRecord, type Frame } from "../model/frame";

/** The server's view of a run. */
export interface View {
  readonly id: string;
  readonly workflow: string;
  /** Of a run of a body, its path in the workflow; else empty. */
  readonly body: string;
  readonly names: readonly string[];
  readonly document: Document;
  readonly start: Readonly<Record<string, unknown>> | null;
  readonly children: Readonly<Record<string, string>>;
  readonly lastSeq: number;
  readonly now: string;
  readonly socket: string;
  readonly api: string;
  readonly page: string;
}

export async function fetchView(api: string): Promise<View> {
  return (await fetchJson(`${api}/view`)) as unknown as View;
}

/** Journal entries; with `step`, those of one step alone. */
export async function fetchFrames(api: string, asked: { after: number; limit: number; step?: string }): Promise<Frame[]> {
  const query = new URLSearchParams(Object.entries(asked).map(([key, value]) => [key, String(value)]));
  const { events } = await fetchJson(`${api}/events?${query}`);
  return framesIn(events);
}

export function framesIn(events: unknown): Frame[] {
  return (Array.isArray(events) ? events : []).flatMap((event) => frameOf(event) ?? []);
}

/** The entries after number `after` in bulk, as many as the server gives at once. */
export async function fetchBulk(api: string, after: number, limit?: number): Promise<Frame[]> {
  const { entries } = await fetchJson(`${api}/replay?after=${after}${limit === undefined ? "" : `&limit=${limit}`}`);
  return (Array.isArray(entries) ? entries : []).flatMap((row, place) => frameOfRow(row, after + place + 1) ?? []);
}

/** All entries of some steps but their progress, oldest first. */
export async function fetchHistories(api: string, steps: readonly string[]): Promise<Frame[]> {
  const frames: Frame[] = [];
  for (let next: unknown = 0; typeof next === "number";) {
    const query = new URLSearchParams([["after", String(next)], ...steps.map((step) => ["step", step])]);
    const answer = await fetchJson(`${api}/timeline?${query}`);
    frames.push(...framesIn(answer.events));
    next = answer.next;
  }
  return frames;
}

/** Pauses before a call is made again that did not come through or met a busy server. */
const AGAIN_MS = [300, 1_500];

/** Fetches an object from the API. Rejects with the server's message, after a second and a third try. */
export async function fetchJson(url: string): Promise<Record<string, unknown>> {
  for (let tries = 0; ; tries += 1) {
    const pause = AGAIN_MS[tries];
    const response = await fetch(url, { headers: { Accept: "application/json" } }).catch((error: unknown) => {
      if (pause === undefined) throw error;
      return null;
    });
    const answer: unknown = response && await bodyOf(response).catch(() => null);
    if (response?.ok && isRecord(answer)) return answer;
    const detail = isRecord(answer) ? asText(answer.detail) : null;
    if (pause === undefined || (response && !isBusy(response.status))) {
      throw new Error(detail ?? `The server answered with status ${response?.status}.`);
    }
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}
