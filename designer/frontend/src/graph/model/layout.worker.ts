/** Answers each document with the places of its steps. */
import type { Document } from "./document";
import { autoLayout } from "./layout";

interface Asked {
  readonly number: number;
  readonly document: Document;
}

addEventListener("message", ({ data: { number, document } }: MessageEvent<Asked>) => {
  postMessage({ number, places: autoLayout(document) });
});
