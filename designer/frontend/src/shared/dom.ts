/** Small helpers around the document. Text goes in as text, never as markup. */
import { readJson } from "./json";

export function find<Found extends Element = HTMLElement>(root: ParentNode, selector: string): Found | null {
  return root.querySelector<Found>(selector);
}

/** An element that the page's markup always has. */
export function mustFind<Found extends Element = HTMLElement>(root: ParentNode, selector: string): Found {
  const target = root.querySelector<Found>(selector);
  if (!target) throw new Error(`The page lacks ${selector}.`);
  return target;
}

export function element(tag: string, className = "", ...children: (Node | string)[]): HTMLElement {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

export function setText(target: Element | null, text: string): void {
  if (target && target.textContent !== text) target.textContent = text;
}

export function icon(name: string): SVGElement {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#i-${name}`);
  svg.append(use);
  return svg;
}

/** The data that the server put into a `<script type="application/json">`. */
export function pageData<Value>(id: string): Value | null {
  const text = document.getElementById(id)?.textContent;
  return text ? (readJson(text) as unknown as Value) : null;
}

/** What the browser keeps for this person; null where there is nothing, or no storage. */
export function readKept(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

/** Keeps a text, or with null forgets it; without storage it does neither. */
export function keep(key: string, text: string | null): void {
  try {
    if (text === null) localStorage.removeItem(key);
    else localStorage.setItem(key, text);
  } catch {
    return;
  }
}

/** The cookie comes first, since a sign-in in another tab changes it; the page's own field serves where the cookie cannot be read. */
export function csrfToken(): string {
  const cookie = /(?:^|;\s*)csrftoken=([^;]+)/.exec(document.cookie)?.[1];
  return cookie ?? find<HTMLInputElement>(document, "[name=csrfmiddlewaretoken]")?.value ?? "";
}

/**
 * Buttons work by scripts that are loaded after the page is painted. A click before that is kept, and made again
 * once the page's part has started, so that it is not lost on a slow connection.
 */
export async function keepClicks(root: Document, start: () => void | Promise<void>): Promise<void> {
  const clicked: HTMLElement[] = [];
  const keep = ({ target }: Event): void => {
    const button = target instanceof Element ? target.closest<HTMLElement>("[data-page] button[type=button]") : null;
    if (button) clicked.push(button);
  };
  root.addEventListener("click", keep, { capture: true });
  try {
    await start();
  } finally {
    root.removeEventListener("click", keep, { capture: true });
  }
  for (const button of clicked) if (button.isConnected) button.click();
}
