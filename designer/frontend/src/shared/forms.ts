/** Improves forms: a button shows that it is busy, oversized input is refused before it is sent, filters apply at once. */
import { find, setText } from "./dom";

export function improveForms(root: Document): void {
  root.addEventListener("submit", (event) => {
    const form = event.target as HTMLFormElement;
    if (!event.defaultPrevented) markBusy(form, event.submitter);
  });
  addEventListener("pageshow", () => root.querySelectorAll("[data-busy]").forEach((button) => button.removeAttribute("data-busy")));
  root.querySelectorAll<HTMLFormElement>("form[data-apply]").forEach((form) => {
    form.addEventListener("change", () => form.requestSubmit());
  });
  root.querySelectorAll<HTMLTextAreaElement>("textarea[data-bytes-max]").forEach(limitBytes);
}

function markBusy(form: HTMLFormElement, submitter: HTMLElement | null): void {
  if (form.method === "get") return;
  const button = submitter ?? find(form, "button[type=submit]");
  button?.setAttribute("data-busy", "");
  const words = button?.dataset.busyText;
  if (button && words) setText(find(button, "[data-slot=text]") ?? button, words);
}

/** Refuses a text that exceeds the server's limit before it is sent, so that it is not lost. */
function limitBytes(field: HTMLTextAreaElement): void {
  const most = Number(field.dataset.bytesMax);
  const check = (): void => {
    const bytes = new TextEncoder().encode(field.value).length;
    const limit = most.toLocaleString();
    const problem = `The input is ${bytes.toLocaleString()} bytes long; the limit is ${limit}. Shorten it.`;
    field.setCustomValidity(bytes > most ? problem : "");
  };
  field.addEventListener("input", check);
  check();
}
