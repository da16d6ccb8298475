/** The suggested error codes are the documented ones. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { ERROR_CODES } from "../../../src/editor/model/errorCodes";

it("suggests every documented code, and no other", () => {
  const page = readFileSync(join(import.meta.dirname, "../../../../../docs/definitions.md"), "utf8");
  const table = page.slice(page.indexOf("### Errors and their codes")).split("\n## ")[0] ?? "";
  const documented = [...table.matchAll(/^\| (`[^|]+) \|/gm)].flatMap(([, codes = ""]) => [...codes.matchAll(/`(\w+)`/g)].map(([, code]) => code));
  expect([...ERROR_CODES].sort()).toEqual(documented.sort());
});
