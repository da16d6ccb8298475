/** Completion at a place in an expression. Pure. */

export interface Known {
  readonly path: string;
  readonly type: string;
  readonly sample: string;
}
export interface Option {
  readonly label: string;
  readonly detail: string;
}
export interface Options {
  /** Where the completed word begins, counted in characters. */
  readonly from: number;
  readonly options: readonly Option[];
}

const WORD = /[A-Za-z_][\w.]*$/;
const FUNCTIONS: readonly Option[] = [
  { label: "size(", detail: "of a list, text or object" },
  { label: "string(", detail: "as text" },
  { label: "int(", detail: "as a whole number" },
  { label: "double(", detail: "as a number" },
  { label: "timestamp(", detail: "a time, from its text" },
];

/** The next keys of the path before the cursor; null where there is nothing to complete. */
export function optionsAt(text: string, cursor: number, known: readonly Known[], isAsked: boolean): Options | null {
  const before = text.slice(0, cursor);
  const word = WORD.exec(before)?.[0] ?? "";
  if (!word && !isAsked) return null;
  const root = word.slice(0, word.lastIndexOf(".") + 1);
  const keys = known
    .filter(({ path }) => path.startsWith(root) && path.length > root.length && !path.slice(root.length).includes("."))
    .map(({ path, type, sample }) => ({ label: path.slice(root.length), detail: [type === "any" ? "" : type, sample].filter(Boolean).join(": ") }));
  const options = root ? keys : [...keys, ...FUNCTIONS];
  return options.length ? { from: cursor - (word.length - root.length), options } : null;
}
