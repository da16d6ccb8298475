/** What all fields of a form share. */
import { createContext, useContext } from "react";
import type { Json, JsonObject } from "../shared/json";
import type { Place } from "./value";

export interface FormState {
  readonly schema: JsonObject;
  /** What the server said of the input that was sent, by JSON Pointer. */
  readonly problems: ReadonlyMap<string, readonly string[]>;
  /** Puts a value at a place; undefined takes it out. */
  readonly put: (place: Place, value: Json | undefined) => void;
}

export const FormContext = createContext<FormState>({ schema: {}, problems: new Map(), put: () => undefined });

export const useForm = (): FormState => useContext(FormContext);
