/** What the steps of a draft call, as one text: another one asks for other figures. Pure. */
import { isObject, stepsOf, textOf, type Document } from "../../graph/model/document";

export function calledIn(document: Document): string {
  return stepsOf(document).map((step) => `${textOf(step.name)}:${textOf(step.worker)}${isObject(step.body) ? `(${calledIn(step.body)})` : ""}`).join();
}
