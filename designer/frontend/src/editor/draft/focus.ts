/** Keyboard focus: moves it to a part of the designer, and keeps it from getting lost. */
import { useEffect, useRef, type RefObject } from "react";

export type Part = "canvas" | "inspector" | "outline";

/** Puts the focus on a part as soon as it is drawn. */
export function focusPart(part: Part): void {
  requestAnimationFrame(() => document.querySelector<HTMLElement>(`[data-part="${part}"]`)?.focus());
}

/** Moves the focus to the canvas when the focused element was removed or disabled, so that keys go on working. */
export function useKeptFocus(root: RefObject<HTMLElement | null>): void {
  const last = useRef<Element | null>(null);
  useEffect(() => {
    const remember = ({ target }: FocusEvent): void => { last.current = target as Element; };
    const designer = root.current;
    designer?.addEventListener("focusin", remember);
    return () => designer?.removeEventListener("focusin", remember);
  }, [root]);
  useEffect(() => {
    const lost = last.current;
    if (!lost || (lost.isConnected && !lost.matches(":disabled"))) return;
    last.current = null;
    const now = document.activeElement;
    if (now === null || now === document.body || now === lost) root.current?.querySelector<HTMLElement>('[data-part="canvas"]')?.focus();
  });
}
