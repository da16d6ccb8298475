/** Improves forms: a button shows that it is busy, oversized input is refused before it is sent, filters apply at once, the focus goes to what was refused. */
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

const ERRORS = ".field-error, .notice[role=alert], .errorlist";
const FIELDS = "input:not([type=hidden]), select, textarea";

/**
 * The server draws a refused form again where it was, with the error at its field (`.field-error`, or `.errorlist` in
 * the admin); the first such field takes the focus and says what is wrong with it.
 */
export function focusProblem(root: ParentNode): void {
  const errors = [...root.querySelectorAll<HTMLElement>("form")].flatMap((form) => [...form.querySelectorAll<HTMLElement>(ERRORS)]);
  const shown = errors.filter((error) => error.textContent.trim() && !error.hidden);
  shown.forEach(describe);
  const [first] = shown.toSorted((a, b) => Number(isAboutForm(a)) - Number(isAboutForm(b)));
  if (!first) return;
  for (let fold = first.closest("details"); fold; fold = fold.parentElement?.closest("details") ?? null) fold.open = true;
  const target = fieldOf(first) ?? first;
  if (target === first) first.tabIndex = -1;
  target.focus({ preventScroll: true });
  target.scrollIntoView({ block: "center" });
}

/** Errors about a whole form come last: the field is what is to be changed. */
const isAboutForm = (error: HTMLElement): boolean => fieldOf(error) === null;

function fieldOf(error: HTMLElement): HTMLElement | null {
  const around = error.closest(".field, fieldset, .form-row");
  return around && find(around, FIELDS);
}

let made = 0;

function describe(error: HTMLElement): void {
  const field = fieldOf(error);
  if (!field) return;
  error.id ||= `problem-${++made}`;
  const ids = new Set((field.getAttribute("aria-describedby") ?? "").split(/\s+/).filter(Boolean)).add(error.id);
  field.setAttribute("aria-describedby", [...ids].join(" "));
  field.setAttribute("aria-invalid", "true");
}
