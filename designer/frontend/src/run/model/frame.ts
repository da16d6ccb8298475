/** A journal entry as the socket sends it. Anything else is refused here. */
import { isObject, jsonIn, nearest } from "../../shared/json";
import type { Routes } from "../../graph/model/ways";

export interface Frame {
  seq: number;
  type: string;
  step: string;
  attempt: number;
  at: string;
  status: string;
  data: Readonly<Record<string, unknown>>;
}

export interface Failure {
  /** The step that failed, where the failure is a run's. */
  step: string;
  code: string;
  message: string;
}

/** What an entry that ends a step says of its edges. */
export function routesIn({ taken, dead, caught }: Readonly<Record<string, unknown>>): Routes {
  return { taken: asNames(taken), dead: asNames(dead), isCaught: caught === true };
}

export function parseFrame(text: string): Frame | null {
  return frameOf(jsonIn(text));
}

export function frameOf(value: unknown): Frame | null {
  if (!isRecord(value) || !Number.isInteger(value.seq) || typeof value.type !== "string") return null;
  return {
    seq: value.seq as number,
    type: value.type,
    step: asText(value.step) ?? "",
    attempt: asCount(value.attempt) ?? 0,
    at: asText(value.at) ?? "",
    status: asText(value.status) ?? "",
    data: isRecord(value.data) ? value.data : {},
  };
}

/** An entry of the journal in bulk; its number follows from its place. */
export function frameOfRow(row: unknown, seq: number): Frame | null {
  if (!Array.isArray(row)) return null;
  const [type, step, attempt, at, status, data] = row as unknown[];
  return frameOf({ seq, type, step, attempt, at, status, data });
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return isObject(value);
}

export function asText(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}

export function asCount(value: unknown): number | null {
  const count = nearest(value);
  return count !== null && Number.isFinite(count) && count >= 0 ? count : null;
}

export function asNames(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === "string") : [];
}

export function asFailure(value: unknown): Failure | null {
  if (!isRecord(value)) return null;
  const message = asText(value.message);
  const code = asText(value.code);
  return code || message ? { step: asText(value.step) ?? "", code: code ?? "", message: message ?? "" } : null;
}
