/** Undo and redo. */
import { describe, expect, it } from "vitest";
import type { Command } from "../../../src/editor/model/commands";
import { begin, perform, redo, undo } from "../../../src/editor/model/history";
import { ORDER } from "../../documents";

describe("history", () => {
  const steps: Command[] = Array.from({ length: 50 }, (_, number) => ({ do: "add", steps: [{ name: `s${number}` }] }));

  it("undoes 50 edits back to the very start, and does them again", () => {
    const done = steps.reduce((history, command) => perform(history, command), begin(ORDER));
    const back = steps.reduce(undo, done);
    expect(back.present).toBe(ORDER);
    expect(undo(back).present).toBe(ORDER);
    expect(steps.reduce(redo, back).present).toBe(done.present);
  });

  it("typing in one field is one step back", () => {
    const typed = ["a", "ab", "abc"].reduce((history, title) => perform(history, { do: "putFields", fields: { title } }, "title"), begin(ORDER));
    expect(typed.present.title).toBe("abc");
    expect(undo(typed).present).toBe(ORDER);
  });

  it("a new edit forgets what was undone", () => {
    const history = perform(undo(perform(begin(ORDER), steps[0]!)), steps[1]!);
    expect(redo(history).present).toBe(history.present);
  });
});
