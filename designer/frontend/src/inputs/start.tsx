/** The page that starts a run: makes a form from the input schema beside the JSON that is sent. */
import "./inputs.css";
import { flushSync } from "react-dom";
import { createRoot } from "react-dom/client";
import { find, mustFind, pageData } from "../shared/dom";
import { InputForm, type InputData } from "./InputForm";
import { propertiesOf, shapeOf } from "./schema";

export function startInputForm(): void {
  const page = find(document, "[data-page=start]");
  if (!page) return;
  const data = pageData<InputData>("start-data");
  const form = mustFind<HTMLFormElement>(page, "form[data-slot=start]");
  delete form.dataset.coming;  // before the form takes the focus, which what is hidden cannot
  if (data && propertiesOf(shapeOf(data.schema, data.schema).schema).length) offerForm(page, form, data);
}

/** Drawn at once, as the page is shown with it. */
function offerForm(page: HTMLElement, form: HTMLFormElement, data: InputData): void {
  const place = mustFind(page, "[data-slot=fields]");
  place.hidden = false;
  const root = createRoot(mustFind(place, "[data-slot=form]"));
  flushSync(() => root.render(<InputForm data={data} text={mustFind<HTMLTextAreaElement>(form, "textarea[name=input]")} />));
  form.noValidate = true;
  form.addEventListener("submit", (event) => holdBack(form, event));
}

/** What is no number or no JSON yet is not in the input, so the form waits for it. The server checks all else. */
function holdBack(form: HTMLFormElement, event: SubmitEvent): void {
  const wrong = find(form, '[data-checked]:not([data-checked=""])');
  if (wrong) {
    event.preventDefault();
    wrong.focus();
  } else if (!mustFind<HTMLTextAreaElement>(form, "textarea[name=input]").reportValidity()) event.preventDefault();
}
