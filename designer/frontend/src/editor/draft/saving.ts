/** Saves a draft soon after each edit, one request at a time. What cannot be sent is kept and sent later. */
import type { Document } from "../../graph/model/document";
import type { Problem } from "../../graph/model/problems";

export const SAVE_AFTER_MS = 500;
export const RETRY_MS = 3_000;

export type Answer =
  | { readonly is: "saved"; readonly revision: number; readonly problems: readonly Problem[] }
  | { readonly is: "conflict"; readonly revision: number; readonly theirs: Document }
  | { readonly is: "refused"; readonly message: string }
  | { readonly is: "signed-out" }
  | { readonly is: "offline" };
export type SaveState =
  | { readonly is: "saved" | "unsaved" | "saving" | "offline" | "signed-out" }
  | { readonly is: "refused"; readonly message: string }
  | { readonly is: "conflict"; readonly revision: number; readonly base: Document; readonly theirs: Document; readonly mine: Document };

export interface Hooks {
  readonly revision: number;
  readonly document: Document;
  send(document: Document, revision: number): Promise<Answer>;
  show(state: SaveState): void;
  setProblems(problems: readonly Problem[]): void;
}

export class Autosave {
  private stored: Document;
  private wanted: Document;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private isSending = false;
  private state: SaveState = { is: "saved" };
  revision: number;

  constructor(private readonly hooks: Hooks) {
    this.stored = this.wanted = hooks.document;
    this.revision = hooks.revision;
  }

  get isSafe(): boolean {
    return this.state.is === "saved";
  }

  change(document: Document): void {
    this.wanted = document;
    if (this.state.is === "conflict") return this.show({ ...this.state, mine: document });
    if (document === this.stored && !this.isSending) return this.settle();
    if (this.state.is === "saved") this.show({ is: "unsaved" });
    this.schedule(SAVE_AFTER_MS);
  }

  /** Sends at once, as before publishing; true when the server has everything. */
  async flush(): Promise<boolean> {
    clearTimeout(this.timer);
    while (this.isSending) await new Promise((resolve) => setTimeout(resolve, 20));
    if (this.wanted !== this.stored && this.state.is !== "conflict") await this.send();
    return this.isSafe;
  }

  /** Ends a conflict: `document`, which is mine, theirs or a merge of both, follows the other author's revision. */
  settleConflict(document: Document): void {
    if (this.state.is !== "conflict") return;
    this.revision = this.state.revision;
    this.stored = this.state.theirs;
    this.wanted = document;
    if (document === this.stored) return this.settle();
    this.show({ is: "unsaved" });
    this.schedule(0);
  }

  private schedule(after: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.send(), after);
  }

  private settle(): void {
    clearTimeout(this.timer);
    this.show({ is: "saved" });
  }

  private async send(): Promise<void> {
    if (this.isSending) {
      this.schedule(SAVE_AFTER_MS);
      return;
    }
    this.isSending = true;
    this.show({ is: "saving" });
    const sent = this.wanted;
    const answer = await this.hooks.send(sent, this.revision);
    this.isSending = false;
    this.take(answer, sent);
  }

  private take(answer: Answer, sent: Document): void {
    if (answer.is === "saved") {
      [this.stored, this.revision] = [sent, answer.revision];
      this.hooks.setProblems(answer.problems);
      if (this.wanted === sent) return this.settle();
      this.show({ is: "unsaved" });
      return this.schedule(SAVE_AFTER_MS);
    }
    if (answer.is === "conflict") return this.show({ ...answer, base: this.stored, mine: this.wanted });
    this.show(answer);
    if (answer.is !== "refused") this.schedule(RETRY_MS);
  }

  private show(state: SaveState): void {
    this.state = state;
    this.hooks.show(state);
  }
}
