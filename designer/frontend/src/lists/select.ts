/** Selection of many rows: all of a page, a range with Shift, none with Escape, and their count. */
import { find, setText } from "../shared/dom";

export class Selection {
  private last: HTMLInputElement | null = null;

  constructor(private readonly form: HTMLFormElement) {
    form.addEventListener("click", (event) => this.extend(event));
    form.addEventListener("change", (event) => this.changed(event.target as HTMLElement));
    form.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && this.chosen.length) this.clear();
    });
    find(form, "[data-action=clear]")?.addEventListener("click", () => this.clear());
    addEventListener("pageshow", () => this.say());
    this.say();
  }

  get boxes(): HTMLInputElement[] {
    return [...this.form.querySelectorAll<HTMLInputElement>("input[name=runs]")];
  }

  get chosen(): HTMLInputElement[] {
    return this.boxes.filter((box) => box.checked);
  }

  private get whole(): HTMLInputElement | null {
    return find<HTMLInputElement>(this.form, "input[data-action=page]");
  }

  private get everything(): HTMLInputElement | null {
    return find<HTMLInputElement>(this.form, "input[name=all]");
  }

  private extend(event: MouseEvent): void {
    const box = event.target as HTMLInputElement;
    if (box.name !== "runs") return;
    const boxes = this.boxes;
    const [from, to] = [boxes.indexOf(this.last ?? box), boxes.indexOf(box)].toSorted((a, b) => a - b);
    if (event.shiftKey && from !== undefined && from >= 0) {
      for (const between of boxes.slice(from, (to ?? from) + 1)) between.checked = box.checked;
    }
    this.last = box;
    this.say();
  }

  private changed(target: HTMLElement): void {
    if (target === this.whole) for (const box of this.boxes) box.checked = this.whole.checked;
    if (target === this.everything && this.everything.checked) for (const box of this.boxes) box.checked = true;
    this.say();
  }

  private clear(): void {
    for (const box of this.boxes) box.checked = false;
    if (this.everything) this.everything.checked = false;
    this.say();
    this.whole?.focus();
  }

  say(): void {
    const [count, most] = [this.chosen.length, this.boxes.length];
    if (this.everything && count < most) this.everything.checked = false;
    const words = this.everything?.checked ? "All that match are chosen" : `${count} chosen`;
    setText(find(this.form, "[data-slot=chosen]"), count ? words : "");
    if (!this.whole) return;
    this.whole.checked = count > 0 && count === most;
    this.whole.indeterminate = count > 0 && count < most;
  }
}
