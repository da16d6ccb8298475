/** Puts files that are dropped on a page into the form that takes them. */
import { find } from "./dom";

/** A page with a form `[data-drop]` takes a file anywhere on it, and sends it at once. */
export function takeFiles(root: Document): void {
  const form = find<HTMLFormElement>(root, "form[data-drop]");
  const field = form && find<HTMLInputElement>(form, "input[type=file]");
  if (!form || !field) return;
  root.addEventListener("dragover", (event) => {
    if (event.dataTransfer?.types.includes("Files")) event.preventDefault();
  });
  root.addEventListener("drop", (event) => {
    if (!event.dataTransfer?.files.length) return;
    event.preventDefault();
    field.files = event.dataTransfer.files;
    form.requestSubmit();
  });
}
