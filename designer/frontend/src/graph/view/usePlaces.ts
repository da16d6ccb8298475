/** The place of every step: from the document, else from the automatic layout. */
import { useEffect, useEffectEvent, useMemo, useState } from "react";
import { arranged } from "../model/arrange";
import { layoutOf, type Document, type Places } from "../model/document";
import { inRows, unplaced } from "../model/nodes";

/** `of` names the graph, as steps of several graphs may have the same name. Null until the places of all steps are known; a layout is computed only where something has no place. */
export function usePlaces(document: Document, of = ""): Places | null {
  const [known, setKnown] = useState<{ readonly of: string; readonly places: Places } | null>(null);
  const computed = known?.of === of ? known.places : null;
  const { steps, layout } = document;
  const needs = useMemo(
    () => unplaced({ steps: steps ?? [], layout: layout ?? {} }).filter((id) => !computed?.has(id)).join("\n"), [steps, layout, computed],
  );
  const arrange = useEffectEvent(() => arranged(document).catch(() => inRows(document)));
  useEffect(() => {
    if (!needs) return undefined;
    let isCurrent = true;
    void arrange().then((places) => { if (isCurrent) setKnown({ of, places }); });
    return () => { isCurrent = false; };
  }, [needs, of]);
  return useMemo(() => (needs ? null : new Map([...(computed ?? []), ...layoutOf({ layout: layout ?? {} })])), [needs, computed, layout]);
}
