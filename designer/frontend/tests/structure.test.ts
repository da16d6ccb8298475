// @vitest-environment node
/** The layout of the sources: every module lies in a room with rules, rooms stay small, tests lie like what they test. */
import { readdirSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { expect, it } from "vitest";
import { ROOMS } from "../rooms";

const MODULES_MAX = 16;
const FRONTEND = join(import.meta.dirname, "..");
/** Tests of the whole: of the bundle and of this layout. */
const WHOLE = ["bundle.test.ts", "structure.test.ts"];

const modulesIn = (folder: string): string[] =>
  readdirSync(join(FRONTEND, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
    .map((entry) => relative(join(FRONTEND, folder), join(entry.parentPath, entry.name)));

const sources = modulesIn("src").filter((path) => path !== "main.ts");
const stem = (path: string): string => path.replace(/\..*$/, "");

it("gives every module a room, and every room modules", () => {
  expect([...new Set(sources.map((path) => dirname(path)))].sort()).toEqual([...ROOMS.keys()].sort());
});

it.each([...ROOMS.keys()])("keeps the room %s small", (room) => {
  expect(sources.filter((path) => dirname(path) === room).length).toBeLessThanOrEqual(MODULES_MAX);
});

it.each(modulesIn("tests").filter((path) => path.endsWith(".test.ts") && !WHOLE.includes(path)))("finds the module that %s tests", (path) => {
  expect(sources.map(stem)).toContain(stem(path));
});
