/** Copy, cut and paste through the system's clipboard; a field or marked text keeps its own. */
import { useEffect } from "react";
import { isTyping } from "./useShortcuts";

interface Acts {
  readonly copy: () => string | null;
  readonly cut: () => string | null;
  readonly paste: (text: string) => void;
}

export function useClipboard(acts: Acts): void {
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
      acts.paste(text);
    };
    const [copy, cut] = [give(acts.copy), give(acts.cut)];
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
