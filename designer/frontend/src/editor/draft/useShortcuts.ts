/** Keys of the whole designer, from the moment it is seen; a field that is typed in keeps its own. */
import { useLayoutEffect } from "react";

interface Acts {
  readonly undo: () => void;
  readonly redo: () => void;
  readonly duplicate: () => void;
  readonly add: () => void;
  readonly find: () => void;
  readonly connect: () => void;
  readonly chooseAll: () => void;
  readonly outline: () => void;
  readonly keys: () => void;
}

export function useShortcuts(acts: Acts): void {
  useLayoutEffect(() => {
    const press = (event: KeyboardEvent): void => {
      const act = actOf(event, acts);
      if (!act || isTyping(event.target)) return;
      event.preventDefault();
      act();
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  });
}

function actOf(event: KeyboardEvent, acts: Acts): (() => void) | undefined {
  const key = event.key.toLowerCase();
  if (event.altKey) return undefined;
  if (!event.ctrlKey && !event.metaKey) return { "/": acts.add, "?": acts.keys, c: acts.connect, o: acts.outline }[key];
  if (key === "z") return event.shiftKey ? acts.redo : acts.undo;
  return { y: acts.redo, d: acts.duplicate, k: acts.find, a: acts.chooseAll }[key];
}

export function isTyping(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest("input:not([type=checkbox]), textarea, select, dialog, [contenteditable=true]") !== null;
}
