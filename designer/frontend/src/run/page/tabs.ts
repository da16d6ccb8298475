/** Tabs as of the ARIA pattern: one of the panels is shown; arrow keys, Home and End move between the tabs. */

export class Tabs {
  private readonly tabs: readonly HTMLElement[];
  private chosen: string;

  /** `shown` is called with the id of the panel that is shown from now on. */
  constructor(root: HTMLElement, private readonly shown: (panel: string) => void = () => undefined) {
    this.tabs = [...root.querySelectorAll<HTMLElement>("[role=tab]")];
    this.chosen = panelOf(this.tabs.find((tab) => tab.ariaSelected === "true") ?? this.tabs[0]);
    root.addEventListener("click", ({ target }) => {
      const tab = target instanceof Element ? target.closest<HTMLElement>("[role=tab]") : null;
      if (tab) this.show(panelOf(tab));
    });
    root.addEventListener("keydown", (event) => this.pressed(event));
  }

  get panel(): string {
    return this.chosen;
  }

  show(panel: string): void {
    if (panel === this.chosen) return;
    this.chosen = panel;
    for (const tab of this.tabs) {
      const isChosen = panelOf(tab) === panel;
      tab.setAttribute("aria-selected", String(isChosen));
      tab.tabIndex = isChosen ? 0 : -1;
      document.getElementById(panelOf(tab))?.toggleAttribute("hidden", !isChosen);
    }
    this.shown(panel);
  }

  private pressed(event: KeyboardEvent): void {
    const place = this.tabs.findIndex((tab) => tab === document.activeElement);
    const to = { ArrowLeft: place - 1, ArrowRight: place + 1, Home: 0, End: this.tabs.length - 1 }[event.key];
    if (place < 0 || to === undefined) return;
    const tab = this.tabs[(to + this.tabs.length) % this.tabs.length];
    event.preventDefault();
    tab?.focus();
    this.show(panelOf(tab));
  }
}

const panelOf = (tab: HTMLElement | undefined): string => tab?.getAttribute("aria-controls") ?? "";
