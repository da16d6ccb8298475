/** What the parts of a step's form share. */
import type { JsonObject } from "../../../graph/model/document";

/** Changes fields of a step; edits of one topic in a row are one step back. `null` takes a field away. */
export type Set = (fields: JsonObject, topic?: string) => void;

export const WORKERS_LIST = "designer-workers";
export const WORKFLOWS_LIST = "designer-workflows";
