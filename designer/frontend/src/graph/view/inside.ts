/** Where a canvas is in its workflow, and what may be done with the bodies of the steps on it. */
import { createContext, useContext } from "react";
import { idOf } from "../model/bodies";

/** The path of the graph on the canvas: empty for the workflow itself, else `outer` or `outer/inner`. */
export const PathContext = createContext("");

/** The id that a step of the canvas has in the whole workflow. */
export const useWholeId = (id: string): string => idOf(useContext(PathContext), id);

export interface BodyActs {
  /** Opens the body of a step as a canvas of its own. */
  readonly open: (id: string) => void;
  /** Draws the body of a step in place, or no longer. */
  readonly fold: (id: string) => void;
}

/** Null where bodies stay closed. */
export const BodyActsContext = createContext<BodyActs | null>(null);
