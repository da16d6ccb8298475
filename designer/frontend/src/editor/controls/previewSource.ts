/** Context of previews: the run whose values they take, and the way to a problem's field. */
import { createContext } from "react";
import type { Problem } from "../../graph/model/problems";

export interface PreviewSource {
  /** The workflow's address in the API; empty: nothing can be previewed. */
  readonly api: string;
  readonly run: string;
  readonly choose: (run: string) => void;
  readonly go: (problem: Problem) => void;
}

const nothing = (): void => undefined;
export const PreviewSourceContext = createContext<PreviewSource>({ api: "", run: "", choose: nothing, go: nothing });
