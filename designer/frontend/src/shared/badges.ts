/** Status badges. Their markup is the server's: one `<template>` holds one badge of each status. */
import { find, mustFind } from "./dom";

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
    const icon = badge && find(badge, "svg");
    if (!target || !badge || !icon || target.getAttribute("data-shows") === status) return;
    target.setAttribute("data-shows", status);
    for (const name of ["data-spin", "data-rise"]) target.toggleAttribute(name, badge.hasAttribute(name));
    target.replaceChildren(icon.cloneNode(true));
  }
}
