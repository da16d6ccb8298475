/** The slider over the journal: now, or the state after any entry. */
import { find, icon, mustFind, setText } from "../../shared/dom";
import { clock } from "../../shared/time";
import { describe } from "../model/describe";
import type { Frame } from "../model/frame";
import { Player, type Speed } from "./player";

export class SliderView {
  private readonly range: HTMLInputElement;
  private readonly play: HTMLElement;
  private readonly speed: HTMLSelectElement;
  private position: number | null = null;
  private last = 0;
  private readonly player: Player;

  /** `go` shows a moment; `entry` gives an entry of the journal. */
  constructor(
    private readonly root: HTMLElement, private readonly go: (seq: number | null) => Promise<void>, entry: (seq: number) => Promise<Frame | undefined>,
  ) {
    this.player = new Player(
      { at: () => this.position, last: () => this.last, entry, show: (seq) => this.place(seq) }, (isPlaying) => this.paintPlay(isPlaying),
    );
    this.play = mustFind(root, "[data-action=play]");
    this.speed = mustFind<HTMLSelectElement>(root, ".moment-speed");
    this.play.addEventListener("click", () => (this.play.ariaPressed === "true" ? this.player.stop() : void this.player.play(this.speed.value as Speed)));
    this.range = mustFind<HTMLInputElement>(root, "input[type=range]");
    this.range.addEventListener("input", () => this.move(Number(this.range.value)));
    for (const [act, by] of [["back", -1], ["on", 1]] as const) {
      find(root, `[data-action=${act}]`)?.addEventListener("click", () => this.move((this.position ?? this.last) + by));
    }
    find(root, "[data-action=now]")?.addEventListener("click", () => this.set(null));
  }

  /** The number that is shown, or null for now. */
  get shown(): number | null {
    return this.position;
  }

  /** The journal has grown: the slider moves if it shows now, and stays if it shows the past. */
  grow(last: number): void {
    this.last = last;
    this.range.max = String(last);
    if (this.position === null) this.range.value = String(last);
    this.paintButtons();
  }

  set(seq: number | null): void {
    this.player.stop();
    void this.place(seq);
  }

  /** Says which moment is painted. */
  say(seq: number | null, frame: Frame | undefined): void {
    this.root.toggleAttribute("data-past", seq !== null);
    const text = seq === null ? "Now" : `As of entry ${seq} of ${this.last}${frame ? `: ${inWords(frame)}` : ""}`;
    setText(find(this.root, "[data-slot=moment]"), text);
    this.range.setAttribute("aria-valuetext", text);
  }

  sayWait(reached: number): void {
    setText(find(this.root, "[data-slot=moment]"), `Replaying, at entry ${reached.toLocaleString()}…`);
  }

  sayFailure(): void {
    setText(find(this.root, "[data-slot=moment]"), "This moment could not be fetched. Move the slider to try again.");
  }

  private place(seq: number | null): Promise<void> {
    this.position = seq;
    this.range.value = String(seq ?? this.last);
    this.paintButtons();
    return this.go(seq);
  }

  private paintPlay(isPlaying: boolean): void {
    this.play.ariaPressed = String(isPlaying);
    this.play.ariaLabel = isPlaying ? "Pause the play" : "Play the run";
    this.play.replaceChildren(icon(isPlaying ? "wait" : "play"));
  }

  private move(seq: number): void {
    const bounded = Math.min(Math.max(seq, 0), this.last);
    this.set(bounded === this.last ? null : bounded);
  }

  private paintButtons(): void {
    const at = this.position ?? this.last;
    find(this.root, "[data-action=back]")?.toggleAttribute("disabled", at === 0);
    find(this.root, "[data-action=on]")?.toggleAttribute("disabled", this.position === null);
    find(this.root, "[data-action=now]")?.toggleAttribute("hidden", this.position === null);
  }
}

function inWords(frame: Frame): string {
  return `${frame.step ? `${frame.step} ` : ""}${describe(frame).what}, ${clock(new Date(frame.at))}`;
}
