/** The items of a map as a table with a filter, 50 at a time. */
import { element, find, mustFind, setText } from "../../shared/dom";
import { asText, isRecord } from "../model/frame";
import { fetchJson } from "../live/api";
import type { Items } from "../model/state";

const REFRESH_MS = 700;

export class ItemsTable {
  private api = "";
  private step = "";
  private next: number | null = null;
  private asked = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly body: HTMLElement;
  private readonly status: HTMLSelectElement;
  private readonly text: HTMLInputElement;
  private readonly more: HTMLElement;

  constructor(private readonly root: HTMLElement) {
    this.body = mustFind(root, "tbody");
    this.status = mustFind<HTMLSelectElement>(root, "select");
    this.text = mustFind<HTMLInputElement>(root, "input");
    this.more = mustFind(root, "[data-action=more-items]");
    find(root, "form")?.addEventListener("submit", (event) => event.preventDefault());
    this.status.addEventListener("change", () => void this.fetch(0));
    this.text.addEventListener("input", () => this.refreshSoon());
    this.more.addEventListener("click", () => void this.fetch(this.next ?? 0));
  }

  /** Shows the failed items where there are any, else all. */
  show(api: string, step: string, items: Items | null): void {
    [this.api, this.step] = [api, step];
    this.root.hidden = !items;
    if (!items) return;
    this.status.value = items.failing.size ? "failed" : "";
    void this.fetch(0);
  }

  refreshSoon(): void {
    if (this.root.hidden) return;
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      void this.fetch(0);
    }, REFRESH_MS);
  }

  private async fetch(after: number): Promise<void> {
    const turn = ++this.asked;
    const query = new URLSearchParams({ status: this.status.value, q: this.text.value, after: String(after) });
    try {
      const { items, next } = await fetchJson(`${this.api}/steps/${encodeURIComponent(this.step)}/items?${query}`);
      if (turn !== this.asked) return;
      const rows = (Array.isArray(items) ? items : []).filter(isRecord).map(row);
      if (after) this.body.append(...rows);
      else this.body.replaceChildren(...rows);
      this.next = typeof next === "number" ? next : null;
      this.more.hidden = this.next === null;
      setText(find(this.root, "[data-slot=items-note]"), this.body.childElementCount ? "" : "No item matches.");
    } catch (error) {
      if (turn === this.asked) setText(find(this.root, "[data-slot=items-note]"), error instanceof Error ? error.message : "");
    }
  }
}

/** A link to the run that does the work of an item, if one does. */
function pageOf({ child, name }: Record<string, unknown>): HTMLElement[] {
  const id = asText(child);
  if (!id) return [];
  const link = element("a", "", "Its run");
  link.setAttribute("href", `/runs/${id}/`);
  link.setAttribute("aria-label", `The run of ${String(name)}`);
  return [link];
}

function row(item: Record<string, unknown>): HTMLElement {
  const error = isRecord(item.error) ? [asText(item.error.code), asText(item.error.message)].filter(Boolean).join(": ") : "";
  const undo = item.undo === "none" ? "" : `undo ${String(item.undo)}`;
  const made = element(
    "tr", "", element("td", "code", `[${String(item.index)}]`), element("td", "", [String(item.status), undo].filter(Boolean).join(", ")),
    element("td", "", String(item.attempts)), element("td", "", ...pageOf(item)), element("td", "wide text-error", error),
  );
  made.dataset.item = String(item.index);
  return made;
}
