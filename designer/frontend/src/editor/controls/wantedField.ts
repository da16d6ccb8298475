/** The field that a problem leads to, until it has the focus. */
import { createContext } from "react";

export interface WantedField {
  readonly field: string;
  /** Counts requests, so that the same field can be wanted again. */
  readonly turn: number;
}
export interface WantedFieldState {
  readonly wanted: WantedField | null;
  readonly reached: () => void;
}

export const WantedFieldContext = createContext<WantedFieldState>({ wanted: null, reached: () => undefined });
