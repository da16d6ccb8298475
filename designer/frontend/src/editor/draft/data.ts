/** The data that the server puts beside `<workflow-canvas mode="edit">`. */
import type { Api } from "../model/operations";
import type { Worker } from "../../graph/model/catalog";
import type { Document } from "../../graph/model/document";
import type { Problem } from "../../graph/model/problems";
import type { Names } from "../model/names";

export interface EditData {
  readonly name: string;
  readonly document: Document;
  readonly revision: number;
  readonly problems: readonly Problem[];
  readonly published: Document | null;
  readonly workers: readonly Worker[];
  readonly workflows: readonly string[];
  readonly names: Names;
  readonly apis: readonly Api[];
  readonly patterns: readonly Document[];
  readonly api: string;
  readonly page: string;
  readonly login: string;
}
