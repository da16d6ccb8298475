/** Buttons that copy a text of the page: `[data-copies]` names its element. They are drawn only where scripts run. */
import { setText } from "./dom";

const SAID_MS = 4_000;

export function offerCopies(root: ParentNode): void {
  root.querySelectorAll<HTMLButtonElement>("button[data-copies]").forEach((button) => {
    const source = document.getElementById(button.dataset.copies ?? "");
    if (!source) return;
    const words = button.textContent ?? "";
    button.hidden = false;
    button.addEventListener("click", () => void copy(source, (said) => {
      setText(button, said);
      setTimeout(() => setText(button, words), SAID_MS);
    }));
  });
}

/** Where the browser keeps pages away from the clipboard, the text is chosen, and one key is left to the person. */
async function copy(source: HTMLElement, say: (words: string) => void): Promise<void> {
  try {
    await navigator.clipboard.writeText(source.textContent ?? "");
    say("Copied");
  } catch {
    getSelection()?.selectAllChildren(source);
    say("Press Ctrl C to copy");
  }
}
