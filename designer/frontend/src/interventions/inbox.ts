/** The inbox, live: rows come and go. Rejecting asks in a dialog, on this page and wherever approvals are. */
import { sayLive } from "../shared/badges";
import { element, find } from "../shared/dom";
import { INBOX_MOVED } from "../shared/events";
import { Parts } from "../shared/parts";
import { onConnection } from "./inboxCount";

const REFRESH_MS = 1_000;

export function startInbox(): void {
  const root = find(document, "[data-page=inbox]");
  if (root) keepCurrent(root);
  document.addEventListener("click", (event) => {
    const asking = event.target instanceof Element ? event.target.closest<Asking>("[data-asks]") : null;
    if (!asking || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    void ask(asking);
  });
}

function keepCurrent(root: HTMLElement): void {
  const parts = new Parts(root, location.href, REFRESH_MS);
  document.addEventListener(INBOX_MOVED, () => document.hidden || parts.refreshSoon());
  document.addEventListener("visibilitychange", () => document.hidden || parts.refreshSoon());
  onConnection((state) => sayLive(root, state));
}

type Asking = HTMLAnchorElement | HTMLButtonElement;
const asks = (): Asking[] => [...document.querySelectorAll<Asking>("[data-asks]")];

/** Where the question is: behind a link, or where a form's button sends it, which then leads back to this page. */
function addressOf(asking: Asking): string {
  if (asking instanceof HTMLAnchorElement) return asking.href;
  const address = new URL(asking.formAction);
  address.searchParams.set("next", asking.value);
  return address.href;
}

/** Shows the form of the page behind a link or a button in a dialog; where it cannot be fetched, the page itself. */
async function ask(asking: Asking): Promise<void> {
  const address = addressOf(asking);
  const response = await fetch(address, { headers: { Accept: "text/html" } }).catch(() => null);
  const page = response?.ok && !response.redirected ? new DOMParser().parseFromString(await response.text(), "text/html") : null;
  const form = page && find(page, "[data-asked]");
  if (!form) {
    location.assign(address);
    return;
  }
  const dialog = element("dialog", "ask-dialog", document.adoptNode(form)) as HTMLDialogElement;
  dialog.setAttribute("aria-labelledby", find(form, "h1")?.id ?? "");
  dialog.addEventListener("click", (event) => {
    const isClosing = event.target === dialog || (event.target instanceof Element && event.target.closest("[data-closes]"));
    if (!isClosing) return;
    event.preventDefault();
    dialog.close();
  });
  dialog.addEventListener("close", () => {
    dialog.remove();
    asks().find((other) => addressOf(other) === address)?.focus(); // its row may have been drawn anew meanwhile
  });
  document.body.append(dialog);
  dialog.showModal();
  const comment = find<HTMLTextAreaElement>(dialog, "textarea");
  const written = asking instanceof HTMLButtonElement ? asking.form?.elements.namedItem("comment") : null;
  if (comment && written instanceof HTMLTextAreaElement) comment.value = written.value;
  comment?.focus();
}
