/** Everything about a draft that is not editing it: what a failure would lead to. */
import { useEffect } from "react";
import type { EditData } from "../view/data";
import type { Workbench } from "../view/useWorkbench";
import { useForesight, type Foreseeing } from "./useForesight";

export interface Tries {
  readonly steps: readonly string[];
  readonly foresight: Foreseeing;
}

export function useTries(data: EditData, { design, camera, ids, step }: Workbench): Tries {
  const foresight = useForesight(`${data.api}/draft/coverage`, design.problems);
  const chosen = ids[step];
  useEffect(() => { if (chosen) foresight.ask(chosen); }, [chosen, foresight.isOpen]);
  useEffect(() => { if (foresight.isOpen) camera.fit(); }, [foresight.isOpen]);
  return { steps: ids, foresight };
}
