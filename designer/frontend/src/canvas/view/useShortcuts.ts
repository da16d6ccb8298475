/** Keys of the whole designer, from the moment it is seen; a field that is typed in keeps its own. */
import { useLayoutEffect } from "react";

interface Acts {
  readonly undo: () => void;
  readonly redo: () => void;
  readonly duplicate: () => void;
  readonly add: () => void;
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

function actOf(event: KeyboardEvent, acts: Acts): (() => void) | null {
  const key = event.key.toLowerCase();
  if (!event.ctrlKey && !event.metaKey) return key === "/" ? acts.add : null;
  if (key === "z") return event.shiftKey ? acts.redo : acts.undo;
  if (key === "y") return acts.redo;
  return key === "d" ? acts.duplicate : null;
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest("input:not([type=checkbox]), textarea, select, dialog") !== null;
}
