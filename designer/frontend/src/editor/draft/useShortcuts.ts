/** Shortcuts of the whole designer. A field with the focus keeps its keys. */
import { useLayoutEffect } from "react";

interface Actions {
  readonly undo: () => void;
  readonly redo: () => void;
  readonly duplicate: () => void;
  readonly add: () => void;
  readonly find: () => void;
  readonly connect: () => void;
  readonly catch: () => void;
  readonly chooseAll: () => void;
  readonly enter: () => void;
  readonly leave: () => void;
  readonly fold: () => void;
  readonly group: () => void;
  readonly outline: () => void;
  readonly keys: () => void;
}

export function useShortcuts(actions: Actions): void {
  useLayoutEffect(() => {
    const press = (event: KeyboardEvent): void => {
      const act = actOf(event, actions);
      if (!act || isTyping(event.target)) return;
      event.preventDefault();
      act();
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  });
}

function actOf(event: KeyboardEvent, actions: Actions): (() => void) | undefined {
  const key = event.key.toLowerCase();
  if (event.altKey) return undefined;
  if (!event.ctrlKey && !event.metaKey) return { "/": actions.add, "?": actions.keys, c: actions.connect, e: actions.catch, o: actions.outline, b: event.shiftKey ? actions.leave : actions.enter, g: actions.group, f: actions.fold }[key];
  if (key === "z") return event.shiftKey ? actions.redo : actions.undo;
  return { y: actions.redo, d: actions.duplicate, k: actions.find, a: actions.chooseAll }[key];
}

export function isTyping(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest("input:not([type=checkbox]), textarea, select, dialog, [contenteditable=true]") !== null;
}
