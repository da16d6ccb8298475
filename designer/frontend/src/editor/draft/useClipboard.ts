/** Copy, cut and paste through the system's clipboard. Fields and selected text keep the browser's behaviour. */
import { useEffect } from "react";
import { isTyping } from "./useShortcuts";

interface Actions {
  readonly copy: () => string | null;
  readonly cut: () => string | null;
  readonly paste: (text: string) => void;
}

export function useClipboard(actions: Actions): void {
  useEffect(() => {
    const give = (act: () => string | null) => (event: ClipboardEvent): void => {
      if (isElsewhere(event.target)) return;
      const text = act();
      if (text === null) return;
      event.clipboardData?.setData("text/plain", text);
      event.preventDefault();
    };
    const take = (event: ClipboardEvent): void => {
      const text = event.clipboardData?.getData("text/plain");
      if (!text || isTyping(event.target)) return;
      event.preventDefault();
      actions.paste(text);
    };
    const [copy, cut] = [give(actions.copy), give(actions.cut)];
    addEventListener("copy", copy);
    addEventListener("cut", cut);
    addEventListener("paste", take);
    return () => {
      removeEventListener("copy", copy);
      removeEventListener("cut", cut);
      removeEventListener("paste", take);
    };
  });
}

function isElsewhere(target: EventTarget | null): boolean {
  return isTyping(target) || (getSelection()?.toString() ?? "") !== "";
}
