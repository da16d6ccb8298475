/** Times of a filter: chosen in the reader's zone, sent with their zone, and empty fields not sent at all. */
import { localText, zonedText } from "../shared/time";

export function readTimes(form: HTMLFormElement): void {
  for (const field of form.querySelectorAll<HTMLInputElement>("input[data-time]")) upgrade(field);
  form.addEventListener("submit", () => {
    for (const field of form.querySelectorAll<HTMLInputElement | HTMLSelectElement>("[name]")) field.disabled = !field.value;
  });
  addEventListener("pageshow", () => {
    for (const field of form.querySelectorAll<HTMLInputElement | HTMLSelectElement>("[name]")) field.disabled = false;
  });
}

/** Hides the field that is sent behind a picker in the reader's zone. */
function upgrade(field: HTMLInputElement): void {
  const picker = document.createElement("input");
  picker.type = "datetime-local";
  picker.className = field.className;
  picker.id = field.id;
  picker.value = localText(field.value);
  picker.addEventListener("change", () => { field.value = zonedText(picker.value); });
  field.removeAttribute("id");
  field.type = "hidden";
  field.after(picker);
}
