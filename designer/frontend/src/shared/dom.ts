/** Small helpers around the document. Text goes in as text, never as markup. */

export function find<Kind extends Element>(root: ParentNode, selector: string): Kind | null {
  return root.querySelector<Kind>(selector);
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
export function readJson<Value>(id: string): Value | null {
  const text = document.getElementById(id)?.textContent;
  return text ? (JSON.parse(text) as Value) : null;
}

/** The cookie knows of a sign-in in another tab; the page's own field is there without cookies to read. */
export function csrfToken(): string {
  const cookie = /(?:^|;\s*)csrftoken=([^;]+)/.exec(document.cookie)?.[1];
  return cookie ?? find<HTMLInputElement>(document, "[name=csrfmiddlewaretoken]")?.value ?? "";
}
