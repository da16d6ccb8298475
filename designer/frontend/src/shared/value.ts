/** Shows a value of any size, fetched on demand: as a tree that opens level by level, or as raw text in parts. */
import { element } from "./dom";
import { bodyOf, isObject, readJson } from "./json";
import { showJson } from "./jsonTree";

export const TREE_BYTES_MAX = 2_000_000;
const PART = 100_000;

export async function showValue(box: HTMLElement, url: string): Promise<void> {
  box.textContent = "Fetching…";
  const stop = new AbortController();
  try {
    const response = await fetch(url, { headers: { Accept: "application/json" }, signal: stop.signal });
    if (!response.ok) {
      box.replaceChildren(await reasonOf(response));
      return;
    }
    const size = Number(response.headers.get("Content-Length") ?? 0);
    if (size > TREE_BYTES_MAX) {
      stop.abort();
      box.replaceChildren(head(url, size), rawButton(box, url, size));
      return;
    }
    const text = await response.text();
    const tree = element("div", "value-tree");
    showJson(tree, readJson(text));
    box.replaceChildren(head(url, size || new TextEncoder().encode(text).length), tree);
  } catch {
    box.textContent = "This could not be fetched. Close it and open it again to retry.";
  }
}

export function sizeOf(bytes: number): string {
  if (bytes < 1_000) return `${bytes} bytes`;
  return bytes < 1_000_000 ? `${(bytes / 1_000).toFixed(1)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}

function head(url: string, bytes: number): HTMLElement {
  const link = element("a", "link", "Download") as HTMLAnchorElement;
  link.href = `${url}?download=1`;
  link.setAttribute("download", "");
  return element("p", "value-head", element("span", "muted", sizeOf(bytes)), link);
}

function rawButton(box: HTMLElement, url: string, bytes: number): HTMLElement {
  const button = element("button", "btn btn-sm", "Show it as raw text, in parts");
  button.setAttribute("type", "button");
  button.addEventListener("click", () => {
    button.textContent = "Fetching…";
    void fetch(url).then((response) => response.text()).then((text) => box.replaceChildren(head(url, bytes), raw(text)), () => {
      button.textContent = "It could not be fetched. Try again";
    });
  });
  return button;
}

/** Raw text; only the parts that were asked for are in the page. */
function raw(text: string): HTMLElement {
  const shown = element("pre", "value-raw", text.slice(0, PART));
  const more = element("button", "btn btn-sm");
  more.setAttribute("type", "button");
  let end = PART;
  const label = (): void => { more.textContent = `Show more: ${(text.length - end).toLocaleString()} characters are left`; };
  more.addEventListener("click", () => {
    shown.append(text.slice(end, end + PART));
    end += PART;
    if (end >= text.length) more.remove();
    else label();
  });
  label();
  return element("div", "", shown, ...(text.length > PART ? [more] : []));
}

async function reasonOf(response: Response): Promise<string> {
  const answer = await bodyOf(response).catch(() => null);
  return isObject(answer) && typeof answer.detail === "string" ? answer.detail : `The server answered with status ${response.status}.`;
}
