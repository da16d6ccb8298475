/** What the forms of a step share. */
import type { JsonObject } from "../../../graph/model/document";

/** Changes fields of a step; consecutive edits of one topic are undone as one. `null` takes a field away. */
export type SetFields = (fields: JsonObject, topic?: string) => void;

export const WORKERS_LIST = "designer-workers";
export const WORKFLOWS_LIST = "designer-workflows";
