/** Child runs below the run that started them: fetched when they are opened, and again when the list is. */
import { find, setText } from "../shared/dom";
import { localiseTimes } from "../shared/time";

const WORDS = { open: "Hide child runs", closed: "Child runs" } as const;

export class Children {
  private readonly open = new Set<string>();

  constructor(private readonly root: HTMLElement) {
    root.addEventListener("click", (event) => {
      const toggle = event.target instanceof Element ? event.target.closest<HTMLAnchorElement>("a[data-children]") : null;
      if (!toggle || event.metaKey || event.ctrlKey || event.shiftKey) return;
      event.preventDefault();
      void this.toggle(toggle);
    });
    this.announce();
  }

  /** After the rows came anew: what was open is opened again. */
  restore(): void {
    this.announce();
    for (const toggle of this.root.querySelectorAll<HTMLAnchorElement>("a[data-children]")) {
      if (this.open.has(toggle.dataset.children ?? "")) void this.show(toggle);
    }
  }

  private announce(): void {
    for (const toggle of this.root.querySelectorAll<HTMLAnchorElement>("a[data-children]:not([role])")) {
      toggle.setAttribute("role", "button");
      toggle.setAttribute("aria-expanded", "false");
      toggle.addEventListener("keydown", (event) => {
        if (event.key !== " ") return;
        event.preventDefault();
        toggle.click();
      });
    }
  }

  private async toggle(toggle: HTMLAnchorElement): Promise<void> {
    const id = toggle.dataset.children ?? "";
    if (!this.open.delete(id)) {
      this.open.add(id);
      await this.show(toggle);
      return;
    }
    this.remove(id);
    mark(toggle, false);
  }

  private async show(toggle: HTMLAnchorElement): Promise<void> {
    const id = toggle.dataset.children ?? "";
    const response = await fetch(toggle.href, { headers: { Accept: "text/html" } }).catch(() => null);
    const row = toggle.closest("tr");
    if (!response?.ok || !row || !this.open.has(id)) return void this.open.delete(id);
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    this.remove(id);
    const rows = [...page.querySelectorAll<HTMLTableRowElement>(`tr[data-parent="${CSS.escape(id)}"]`)].map((child) => document.adoptNode(child));
    for (const child of rows) child.dataset.childOf = id;
    if (find(page, "a[rel=next]")) rows.push(moreRow(toggle.href, row.cells.length, id));
    row.after(...rows);
    for (const child of rows) localiseTimes(child);
    this.announce();
    mark(toggle, true);
  }

  /** Those of a run, and those of its children. */
  private remove(id: string): void {
    for (const child of this.root.querySelectorAll<HTMLElement>(`tr[data-child-of="${CSS.escape(id)}"]`)) {
      const { run } = child.dataset;
      if (run) this.remove(run);
      child.remove();
    }
  }
}

function mark(toggle: HTMLAnchorElement, isOpen: boolean): void {
  toggle.setAttribute("aria-expanded", String(isOpen));
  setText(find(toggle, "[data-slot=word]"), isOpen ? WORDS.open : WORDS.closed);
}

function moreRow(href: string, cells: number, id: string): HTMLTableRowElement {
  const row = document.createElement("tr");
  row.dataset.childOf = id;
  const cell = row.insertCell();
  cell.colSpan = cells;
  cell.className = "wide";
  const link = document.createElement("a");
  link.href = href;
  link.textContent = "All child runs of this run";
  cell.append(link);
  return row;
}
