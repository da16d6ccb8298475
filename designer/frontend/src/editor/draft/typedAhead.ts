/** Keys that are typed between the key that opens a dialog and the moment when its field has the focus. */

interface Typed {
  readonly text: string;
  /** Whether Enter came after it. */
  readonly isEntered: boolean;
}

let typed: Typed | null = null;

function press(event: KeyboardEvent): void {
  if (!typed || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Enter") typed = { ...typed, isEntered: true };
  else if (event.key === "Backspace") typed = { ...typed, text: typed.text.slice(0, -1) };
  else if (event.key.length === 1) typed = { ...typed, text: typed.text + event.key };
  else return;
  event.preventDefault();
  event.stopImmediatePropagation();
}

/** Keeps what is typed from now on, until it is taken. */
export function beginTyping(): void {
  if (!typed) addEventListener("keydown", press, { capture: true });
  typed = { text: "", isEntered: false };
}

/** What was typed since; the keys after it go where the focus is. */
export function takeTyped(): Typed {
  const kept = typed ?? { text: "", isEntered: false };
  removeEventListener("keydown", press, { capture: true });
  typed = null;
  return kept;
}
