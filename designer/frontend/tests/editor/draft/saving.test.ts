/** Saving a draft: soon, one request at a time, and nothing is lost. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Document } from "../../../src/graph/model/document";
import { Autosave, RETRY_MS, SAVE_AFTER_MS, type Answer, type SaveState } from "../../../src/editor/draft/saving";

const doc = (title: string): Document => ({ schema: 1, name: "x", title });

class Server {
  sent: [Document, number][] = [];
  answers: Answer[] = [];
  states: SaveState[] = [];
  readonly first = doc("first");
  readonly autosave = new Autosave({
    revision: 1, document: this.first, setProblems: () => undefined,
    show: (state) => { this.states.push(state); },
    send: (document, revision) => {
      this.sent.push([document, revision]);
      return Promise.resolve(this.answers.shift() ?? { is: "saved", revision: revision + 1, problems: [] });
    },
  });
}

describe("autosave", () => {
  let server: Server;
  beforeEach(() => { vi.useFakeTimers(); server = new Server(); });
  afterEach(() => { vi.useRealTimers(); });
  const pass = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

  it("sends the last of several quick edits, once", async () => {
    for (const title of ["a", "b", "c"]) server.autosave.change(doc(title));
    await pass(SAVE_AFTER_MS);
    expect(server.sent).toEqual([[doc("c"), 1]]);
    expect(server.states.map(({ is }) => is)).toEqual(["unsaved", "saving", "saved"]);
  });

  it("sends nothing for what was undone in time", async () => {
    server.autosave.change(doc("a"));
    server.autosave.change(server.first);
    await pass(SAVE_AFTER_MS * 3);
    expect(server.sent).toEqual([]);
    expect(server.autosave.isSafe).toBe(true);
  });

  it.each(["offline", "signed-out"] as const)("keeps what could not be sent while %s, and sends it later", async (is) => {
    server.answers = [{ is }];
    server.autosave.change(doc("a"));
    await pass(SAVE_AFTER_MS);
    expect(server.states.at(-1)).toEqual({ is });
    await pass(RETRY_MS);
    expect(server.sent.at(-1)).toEqual([doc("a"), 1]);
    expect(server.autosave.isSafe).toBe(true);
  });

  it("in a conflict keeps both, sends nothing by itself, and saves over theirs what it is told", async () => {
    server.answers = [{ is: "conflict", revision: 7, theirs: doc("theirs") }];
    server.autosave.change(doc("mine"));
    await pass(SAVE_AFTER_MS);
    server.autosave.change(doc("mine too"));
    await pass(RETRY_MS * 3);
    expect(server.states.at(-1)).toEqual({ is: "conflict", revision: 7, base: server.first, theirs: doc("theirs"), mine: doc("mine too") });
    expect(server.sent).toHaveLength(1);
    server.autosave.settleConflict(doc("of both"));
    await pass(0);
    expect(server.sent.at(-1)).toEqual([doc("of both"), 7]);
  });

  it("in a conflict takes theirs when told", async () => {
    const theirs = doc("theirs");
    server.answers = [{ is: "conflict", revision: 7, theirs }];
    server.autosave.change(doc("mine"));
    await pass(SAVE_AFTER_MS);
    server.autosave.settleConflict(theirs);
    await pass(RETRY_MS);
    expect(server.sent).toHaveLength(1);
    expect([server.autosave.revision, server.autosave.isSafe]).toEqual([7, true]);
  });

  it("does not send again what was refused until it changes", async () => {
    server.answers = [{ is: "refused", message: "too large" }];
    server.autosave.change(doc("a"));
    await pass(RETRY_MS * 3);
    expect(server.sent).toHaveLength(1);
    server.autosave.change(doc("b"));
    await pass(SAVE_AFTER_MS);
    expect(server.autosave.isSafe).toBe(true);
  });

  it("saves at once before publishing", async () => {
    server.autosave.change(doc("a"));
    await expect(server.autosave.flush()).resolves.toBe(true);
    expect(server.sent).toHaveLength(1);
  });
});
