/** Buttons that copy a text of the page: `[data-copies]` names its element. They are drawn only where scripts run. */
import { setText } from "./dom";

const MESSAGE_MS = 4_000;

export function offerCopies(root: ParentNode): void {
  root.querySelectorAll<HTMLButtonElement>("button[data-copies]").forEach((button) => {
    const source = document.getElementById(button.dataset.copies ?? "");
    if (!source) return;
    const words = button.textContent;
    button.hidden = false;
    button.addEventListener("click", () => void copy(source, (message) => {
      setText(button, message);
      setTimeout(() => setText(button, words), MESSAGE_MS);
    }));
  });
}

/** Where the browser refuses access to the clipboard, the text is selected, so that one key copies it. */
async function copy(source: HTMLElement, show: (message: string) => void): Promise<void> {
  try {
    await navigator.clipboard.writeText(source.textContent);
    show("Copied");
  } catch {
    getSelection()?.selectAllChildren(source);
    show("Press Ctrl C to copy");
  }
}
