/** The frame of a run's page: what the stage shows, full screen, and the width of the panel at its right. */
import { find, keep, mustFind, readKept, setText } from "../../shared/dom";

const WIDTH_KEY = "run-panel-width";
const VIEW_KEY = "run-stage-view";
const [WIDTH_MIN, STAGE_MIN, STEP_PX] = [300, 420, 24];

export class Workbench {
  private readonly stage: HTMLElement;
  private readonly splitter: HTMLElement;
  private readonly dock: HTMLElement;

  constructor(private readonly root: HTMLElement) {
    this.stage = mustFind(root, "[data-view=stage]");
    this.splitter = mustFind(root, "[data-view=splitter]");
    this.dock = mustFind(root, ".dock");
    this.offerViews();
    this.offerFullScreen();
    this.splitter.addEventListener("pointerdown", (event) => this.drag(event));
    this.splitter.addEventListener("keydown", (event) => {
      const by = { ArrowLeft: STEP_PX, ArrowRight: -STEP_PX }[event.key];
      if (by === undefined) return;
      event.preventDefault();
      this.setWidth(this.dock.offsetWidth + by);
    });
    const kept = Number(readKept(WIDTH_KEY));
    if (kept) this.setWidth(kept);
    new ResizeObserver(() => this.tellWidth()).observe(root);
  }

  private get widthMax(): number {
    return Math.max(WIDTH_MIN, this.root.offsetWidth - STAGE_MIN);
  }

  private offerViews(): void {
    const buttons = [...this.stage.querySelectorAll<HTMLButtonElement>("[data-shows]")];
    const show = (view: string | undefined): void => {
      for (const button of buttons) button.ariaPressed = String(button.dataset.shows === view);
      for (const part of this.stage.querySelectorAll<HTMLElement>("[data-stage]")) part.hidden = part.dataset.stage !== view;
      this.stage.dataset.shown = view;
    };
    for (const button of buttons) {
      button.addEventListener("click", () => {
        show(button.dataset.shows);
        keep(VIEW_KEY, button.dataset.shows ?? "");
      });
    }
    if (readKept(VIEW_KEY) === "timeline") show("timeline");
  }

  private offerFullScreen(): void {
    const button = find<HTMLButtonElement>(this.stage, "[data-action=full-screen]");
    if (!document.fullscreenEnabled) return button?.remove();
    button?.addEventListener("click", () => {
      void (document.fullscreenElement ? document.exitFullscreen() : this.stage.requestFullscreen());
    });
    document.addEventListener("fullscreenchange", () => {
      setText(find(this.stage, "[data-action=full-screen] [data-slot=text]"), document.fullscreenElement ? "Leave full screen" : "Full screen");
    });
  }

  private drag(event: PointerEvent): void {
    const [from, width] = [event.clientX, this.dock.offsetWidth];
    const move = ({ clientX }: PointerEvent): void => this.setWidth(width + from - clientX);
    this.splitter.setPointerCapture(event.pointerId);
    this.splitter.addEventListener("pointermove", move);
    this.splitter.addEventListener("lostpointercapture", () => this.splitter.removeEventListener("pointermove", move), { once: true });
  }

  private setWidth(px: number): void {
    const width = Math.round(Math.min(Math.max(px, WIDTH_MIN), this.widthMax));
    this.root.style.setProperty("--dock", `${width}px`);
    keep(WIDTH_KEY, String(width));
    this.tellWidth();
  }

  private tellWidth(): void {
    Object.assign(this.splitter, { ariaValueNow: String(this.dock.offsetWidth), ariaValueMin: String(WIDTH_MIN), ariaValueMax: String(this.widthMax) });
  }
}
