/** Completion at a place in an expression. Pure. */
import { functions } from "../../shared/functions.json";

export interface Known {
  readonly path: string;
  readonly type: string;
  readonly sample: string;
}
export interface Option {
  readonly label: string;
  readonly detail: string;
  /** Shown beside the chosen option. */
  readonly info?: string;
}
export interface Options {
  /** Where the completed word begins, counted in characters. */
  readonly from: number;
  readonly options: readonly Option[];
}

const WORD = /[A-Za-z_][\w.]*$/;
/** As `manage.py write_vocabulary` wrote them: the functions that the server knows. */
const FUNCTIONS: readonly Option[] = functions.map((one) => ({ ...optionOf(one), detail: one.usage.slice(one.name.length) }));
/** Written behind a dot, a function gets what stands before it as its first value. */
const METHODS: readonly Option[] = functions
  .filter(({ name, usage }) => usage !== `${name}()`)
  .map((one) => ({ ...optionOf(one), detail: one.about }));

function optionOf({ name, usage, about, example, result }: (typeof functions)[number]): Option {
  const label = usage === `${name}()` ? usage : `${name}(`;
  return { label, detail: "", info: `${about}\n${example} → ${result}` };
}

/** The next keys of the path before the cursor, or functions; null where there is nothing to complete. */
export function optionsAt(text: string, cursor: number, known: readonly Known[], isAsked: boolean): Options | null {
  const before = text.slice(0, cursor);
  const word = WORD.exec(before)?.[0] ?? "";
  if (!word && !isAsked) return null;
  const root = word.slice(0, word.lastIndexOf(".") + 1);
  const keys = known
    .filter(({ path }) => path.startsWith(root) && path.length > root.length && !path.slice(root.length).includes("."))
    .map(({ path, type, sample }) => ({ label: path.slice(root.length), detail: [type === "any" ? "" : type, sample].filter(Boolean).join(": ") }));
  const methods = known.some(({ path }) => `${path}.` === root) && !keys.length ? METHODS : [];
  const options = root ? [...keys, ...methods] : [...keys, ...FUNCTIONS];
  return options.length ? { from: cursor - (word.length - root.length), options } : null;
}
