/** The contract of both scanners. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

interface Table {
  readonly renames: Readonly<Record<string, string>>;
  readonly cases: readonly { readonly source: string; readonly tokens: readonly (readonly [string, string])[]; readonly renamed: string }[];
  readonly refused: readonly string[];
}

const TABLE = JSON.parse(readFileSync(join(import.meta.dirname, "../../../tests/contract/scanner/tokens.json"), "utf8")) as Table;
export const { cases: CASES, refused: REFUSED } = TABLE;
export const RENAMES: ReadonlyMap<string, string> = new Map(Object.entries(TABLE.renames));
