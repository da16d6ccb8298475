/** Badges: of statuses, whose markup is the server's (one `<template>` holds one of each), and of the connection. */
import { element, find, icon, mustFind } from "./dom";

export class Badges {
  constructor(private readonly source: DocumentFragment) {}

  static of(document: Document): Badges {
    return new Badges(mustFind<HTMLTemplateElement>(document, "template#badges").content);
  }

  /** Shows the badge `family-status` in `target`, unless it is there already. */
  show(target: Element | null, family: string, status: string): void {
    const key = `${family}-${status}`;
    if (!target || target.firstElementChild?.getAttribute("data-badge") === key) return;
    const badge = find(this.source, `[data-badge="${key}"]`);
    target.replaceChildren(...(badge ? [badge.cloneNode(true)] : [status]));
  }

  /** Shows only the icon of a badge, with its movement. */
  showIcon(target: Element | null, family: string, status: string): void {
    const badge = find(this.source, `[data-badge="${family}-${status}"]`);
    const drawn = badge && find(badge, "svg");
    if (!target || !badge || !drawn || target.getAttribute("data-shows") === status) return;
    target.setAttribute("data-shows", status);
    for (const name of ["data-spin", "data-rise"]) target.toggleAttribute(name, badge.hasAttribute(name));
    target.replaceChildren(drawn.cloneNode(true));
  }
}

const STATES = {
  live: ["go", "link", "Live"],
  lost: ["care", "unlink", "Connection lost; trying again"],
  refused: ["stop", "unlink", "Not live: reload the page"],
} as const;

export type LiveState = keyof typeof STATES;

/** Says whether the page is live, in its `[data-slot=live]`. */
export function sayLive(root: ParentNode, state: LiveState): void {
  const box = find(root, "[data-slot=live]");
  if (!box) return;
  const [tone, name, words] = STATES[state];
  box.dataset.tone = tone;
  box.dataset.state = state;
  box.replaceChildren(icon(name), element("span", "", words));
}
