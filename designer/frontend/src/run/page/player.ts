/** Plays a run on its slider: entry after entry, in the time that it took, faster, or up to the next undo. */
import type { Frame } from "../model/frame";

export type Speed = "1" | "10" | "step" | "undo";

/** A run of milliseconds is to be seen, and one that waited for days is not to be waited for. */
const [PAUSE_MS_MIN, PAUSE_MS_MAX, STEP_MS, HURRY_MS] = [40, 5_000, 350, 60];

/** How long an entry is shown before the next one. */
export function pauseMs(speed: Speed, entry: Frame, next: Frame): number {
  if (speed === "step") return STEP_MS;
  if (speed === "undo") return HURRY_MS;
  const took = (Date.parse(next.at) - Date.parse(entry.at)) / Number(speed);
  return Math.min(Math.max(took, PAUSE_MS_MIN), PAUSE_MS_MAX);
}

export const stopsAt = (speed: Speed, { type }: Frame): boolean => speed === "undo" && type === "compensation.started";

interface Track {
  /** The entry that is shown; null at the present. */
  readonly at: () => number | null;
  readonly last: () => number;
  readonly entry: (seq: number) => Promise<Frame | undefined>;
  readonly show: (seq: number | null) => Promise<void>;
}

export class Player {
  /** Counts plays; an earlier one stops. */
  private turn = 0;

  constructor(private readonly track: Track, private readonly changed: (isPlaying: boolean) => void) {}

  stop(): void {
    this.turn += 1;
    this.changed(false);
  }

  /** Plays on from the moment that is shown; from the beginning if that is the present. */
  async play(speed: Speed): Promise<void> {
    const turn = ++this.turn;
    const isOn = (): boolean => turn === this.turn;
    this.changed(true);
    let at = this.track.at() ?? 0;
    if (this.track.at() === null) await this.track.show(0);
    while (isOn() && at < this.track.last()) {
      const [entry, next] = await Promise.all([at ? this.track.entry(at) : undefined, this.track.entry(at + 1)]);
      if (!next) break;
      if (entry) await new Promise((resolve) => setTimeout(resolve, pauseMs(speed, entry, next)));
      if (!isOn()) return;
      at += 1;
      await this.track.show(at);
      if (stopsAt(speed, next)) break;
    }
    if (isOn()) this.stop();
  }
}
