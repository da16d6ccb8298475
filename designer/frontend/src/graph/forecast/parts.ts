/** The parts of a graph that is made ready for a forecast, with the places where a sample is kept. */
import type { Shares, Times } from "./chance";

/** How attempts end, and how long they take. */
export interface Odds {
  readonly wait: Times | null;
  readonly good: Times | null;
  readonly bad: Times | null;
  /** How long a worker asks to wait; how often it asks. */
  readonly asked: Times | null;
  readonly asks: number;
  /** The share that fails of first attempts, and of those that follow a failure. */
  readonly firstBad: number;
  readonly laterBad: number;
  readonly codes: Shares | null;
  /** By code, the share of its failures that a policy does not change. */
  readonly critical: ReadonlyMap<string, number>;
}

export interface Policy {
  readonly max: number;
  readonly asksMax: number;
  readonly initialMs: number;
  readonly factor: number;
  readonly maxMs: number;
  readonly jitter: number;
  readonly fits: (code: string) => boolean;
}

/** `attempts` of a worker; a `hold` without one: a wait, an approval, a run of another workflow. */
export type Nature = "attempts" | "hold" | "instant" | "fails" | "body" | "map" | "loop";
export type OnFailure = "compensate" | "continue" | "pause";

export interface Way {
  readonly to: Part;
  readonly share: number;
}
export interface Catch {
  readonly to: Part;
  readonly fits: (code: string) => boolean;
}

export interface Undo {
  readonly is: "worker" | "body";
  readonly time: Times | null;
  readonly failed: number;
  readonly answer: Times | null;
}

/** A person who is asked about a failure. */
export interface Asked {
  readonly answers: Shares | null;
  readonly time: Times | null;
}

/** A step. What is not readonly is of the sample that is being made. */
export interface Part {
  readonly name: string;
  readonly salt: number;
  readonly nature: Nature;
  readonly odds: Odds;
  readonly fallback: Odds | null;
  readonly policies: readonly Policy[];
  readonly timeoutMs: number;
  /** What a wait in vain comes to: a code, or nothing if the run goes on. */
  readonly lateCode: string;
  /** How long it takes where the design says so. */
  readonly fixedMs: number | null;
  readonly code: string;
  readonly skips: number;
  readonly onFailure: OnFailure;
  readonly isPivot: boolean;
  readonly undo: Undo | null;
  readonly person: Asked;
  readonly body: Plan | null;
  /** How many items, or turns, there are. */
  readonly items: Shares | null;
  readonly window: number;
  readonly tolerated: (items: number) => number;
  readonly delayMs: number;
  readonly plain: Part[];
  readonly ways: Way[];
  readonly catches: Catch[];
  /** The source of each edge that leads here. */
  readonly sources: Part[];

  /** `taken`: how many edges to it were taken; `pending`: how many are not decided. */
  taken: number;
  readyMs: number;
  endMs: number;
  lastMs: number;
  /** Of a body that its own undos undo, how long they take; otherwise how many acts there are to undo. */
  toUndo: number;
  state: "unreached" | "skipped" | "done" | "failed" | "fatal";
  failure: string;
  from: Part | null;
}

export interface Plan {
  /** In topological order. */
  readonly parts: readonly Part[];
  readonly pivots: readonly Part[];
  readonly isParallel: boolean;
  readonly timeoutMs: number;
}

/** What a forecast rests on, and where it does not rest on figures. */
export interface Doubts {
  /** Steps without figures: they take no time and never fail. */
  readonly unknown: string[];
  /** Steps with figures of fewer than the least number of attempts. */
  readonly few: string[];
  /** Steps with the figures of their worker in other workflows. */
  readonly elsewhere: { readonly step: string; readonly worker: string; readonly workflows: readonly string[] }[];
  /** Steps whose branches are assumed to be equally frequent. */
  readonly branches: string[];
  /** Guards that no run has met. */
  readonly guards: string[];
}
