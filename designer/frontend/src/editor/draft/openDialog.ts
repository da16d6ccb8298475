/** Which dialog the author asked for. */
export type Asked = "add" | "connect" | "find" | "keys" | "publish" | "versions";

/** A file or a text that was brought in, and where it fell. */
export interface Brought {
  readonly name: string;
  readonly text: string;
}
