/** Statuses of steps, kept outside of the nodes: a change draws one step again, not 1,000. */
import { lookOf } from "../../shared/vocabulary";
import type { Routes } from "../model/ways";
import { createContext, useCallback, useContext, useSyncExternalStore } from "react";

export interface StepStatus {
  /** Of the step itself, as the server names it: `pending`, `running`, `completed`, … */
  readonly status: string;
  /** Of its undo: `none`, `pending`, `running`, `compensated`, … */
  readonly undo: string;
  /** A short note, such as `attempt 2` or `7 of 10`. */
  readonly note?: string;
  /** Its place in the line of undos, from 1. */
  readonly place?: number | null;
  /** What became of its edges, once that is decided. */
  readonly routes?: Routes | null;
}
type Listener = () => void;

export class Statuses {
  private readonly known = new Map<string, StepStatus>();
  private readonly listeners = new Map<string, Set<Listener>>();
  private readonly all = new Set<Listener>();

  get(step: string): StepStatus | undefined {
    return this.known.get(step);
  }

  /** Notifies only listeners of steps that really changed. */
  set(changes: Iterable<readonly [step: string, status: StepStatus]>): void {
    let hasChanged = false;
    for (const [step, status] of changes) {
      if (same(this.known.get(step), status)) continue;
      this.known.set(step, status);
      this.tell(step);
      hasChanged = true;
    }
    if (hasChanged) for (const listener of this.all) listener();
  }

  clear(): void {
    const steps = [...this.known.keys()];
    this.known.clear();
    for (const step of steps) this.tell(step);
  }

  /** Listens to every step; the returned function ends it. */
  subscribeAll(listener: Listener): () => void {
    this.all.add(listener);
    return () => this.all.delete(listener);
  }

  /** Listens to one step; the returned function ends it. */
  subscribe(step: string, listener: Listener): () => void {
    const listeners = this.listeners.get(step) ?? new Set<Listener>();
    this.listeners.set(step, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (!listeners.size && this.listeners.get(step) === listeners) this.listeners.delete(step);
    };
  }

  private tell(step: string): void {
    for (const listener of this.listeners.get(step) ?? []) listener();
  }
}

/** The statuses of the surrounding canvas; without a provider no step has one. */
export const StatusesContext = createContext(new Statuses());

export function useStatus(step: string): StepStatus | undefined {
  const statuses = useContext(StatusesContext);
  const subscribe = useCallback((listener: Listener) => statuses.subscribe(step, listener), [statuses, step]);
  return useSyncExternalStore(subscribe, () => statuses.get(step));
}

/** The tone of what stands out of a step: its undo, once there is one. */
export function toneOf(status: StepStatus | undefined): string {
  if (!status) return "";
  const undo = status.undo === "none" || status.undo === "pending" ? undefined : lookOf("undo", status.undo);
  return (undo ?? lookOf("step", status.status))?.tone ?? "";
}

function same(a: StepStatus | undefined, b: StepStatus): boolean {
  return a?.status === b.status && a.undo === b.undo && a.note === b.note && a.place === b.place && a.routes === b.routes;
}
