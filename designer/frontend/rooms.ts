/**
 * The rooms of `src` and what each may import: its own modules and those of the rooms named here, nothing else.
 * `eslint.config.ts` refuses other imports, and `tests/structure.test.ts` every room that is missing here.
 */

/** Each of these may import those before it. */
const FOUNDATION = ["shared", "graph/model", "graph/layout", "graph/whatIf", "graph/forecast", "graph/view", "graph/far", "run/model", "run/live"];
/** Parts of pages. They know nothing of each other. */
const PAGES = ["run/canvas", "run/page", "interventions", "lists", "charts", "inputs"];
/** The designer: each level may import those before it; rooms of one level know nothing of each other. */
const EDITOR = [
  ["editor/expressions"],
  ["editor/model"],
  ["editor/draft"],
  ["editor/controls"],
  ["editor/canvas", "editor/dialogs", "editor/inspector/fields", "editor/forecast", "editor/trials"],
  ["editor/inspector/calls"],
  ["editor/inspector/forms"],
  ["editor/inspector"],
  ["editor/workbench"],
];

export const ROOMS: ReadonlyMap<string, readonly string[]> = new Map([
  ...FOUNDATION.map((room, level) => [room, FOUNDATION.slice(0, level)] as const),
  ...PAGES.map((room) => [room, FOUNDATION] as const),
  ...EDITOR.flatMap((level, height) => level.map((room) => [room, [...FOUNDATION, ...EDITOR.slice(0, height).flat()]] as const)),
  ["elements", [...FOUNDATION, ...PAGES, ...EDITOR.flat()]],
]);
