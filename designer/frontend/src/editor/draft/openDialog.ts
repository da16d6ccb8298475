/** The dialogs that the author can open. */
export type DialogName = "add" | "connect" | "catch" | "find" | "keys" | "publish" | "versions";

/** The name and text of an imported file. */
export interface ImportedFile {
  readonly name: string;
  readonly text: string;
}
