/** The names of connections and secrets; they are asked for again when somebody comes back from making one. */
import { createContext, useCallback, useEffect, useMemo, useRef, useState } from "react";
import type { Names } from "../model/names";
import { readNames } from "./api";

export interface KnownNames {
  readonly names: Names;
  /** Somebody goes to another tab to make one. */
  readonly leave: () => void;
}

export const NamesContext = createContext<KnownNames>({ names: { connections: [], secrets: [] }, leave: () => undefined });

export function useNames(first: Names): KnownNames {
  const [names, setNames] = useState(first);
  const isAway = useRef(false);
  useEffect(() => {
    const comeBack = (): void => {
      if (document.visibilityState !== "visible" || !isAway.current) return;
      isAway.current = false;
      void readNames().then((found) => { if (found) setNames(found); });
    };
    document.addEventListener("visibilitychange", comeBack);
    addEventListener("focus", comeBack);
    return () => {
      document.removeEventListener("visibilitychange", comeBack);
      removeEventListener("focus", comeBack);
    };
  }, []);
  const leave = useCallback(() => { isAway.current = true; }, []);
  return useMemo(() => ({ names, leave }), [names, leave]);
}
