/** The field that a problem leads to, until it has the focus. */
import { createContext } from "react";

export interface Wanted {
  readonly field: string;
  readonly turn: number;
}
export interface Seek {
  readonly wanted: Wanted | null;
  readonly found: () => void;
}

export const SeekContext = createContext<Seek>({ wanted: null, found: () => undefined });
