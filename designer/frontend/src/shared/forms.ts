/** Comfort for forms: a button says that it works, big input is refused before it is sent, filters apply at once. */
import { find, setText } from "./dom";

export function improveForms(root: Document): void {
  root.addEventListener("submit", (event) => {
    const form = event.target as HTMLFormElement;
    if (!event.defaultPrevented) markBusy(form, (event as SubmitEvent).submitter);
  });
  addEventListener("pageshow", () => root.querySelectorAll("[data-busy]").forEach((button) => button.removeAttribute("data-busy")));
  root.querySelectorAll<HTMLFormElement>("form[data-apply]").forEach((form) => {
    form.addEventListener("change", () => form.requestSubmit());
  });
  root.querySelectorAll<HTMLTextAreaElement>("textarea[data-bytes-max]").forEach(limitBytes);
}

function markBusy(form: HTMLFormElement, submitter: HTMLElement | null): void {
  if (form.method === "get") return;
  const button = submitter ?? find<HTMLElement>(form, "button[type=submit]");
  button?.setAttribute("data-busy", "");
  const words = button?.dataset.busyText;
  if (button && words) setText(find(button, "[data-slot=text]") ?? button, words);
}

/** Keeps a text that the server would refuse for its size from being sent, so that nothing is lost. */
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
