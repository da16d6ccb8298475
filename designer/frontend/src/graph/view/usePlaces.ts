/** Where every step stands: as the document says, else where the automatic layout puts it. */
import { useEffect, useMemo, useState } from "react";
import { arranged } from "../model/arrange";
import { layoutOf, type Document, type Place } from "../model/document";
import { inRows, unplaced } from "../model/nodes";

/** Null until the places of all steps are known; a layout is computed only where something has no place. */
export function usePlaces(document: Document): Readonly<Record<string, Place>> | null {
  const [computed, setComputed] = useState<Readonly<Record<string, Place>> | null>(null);
  const needs = useMemo(() => unplaced(document).filter((id) => !computed?.[id]).join("\n"), [document.steps, document.layout, computed]);
  useEffect(() => {
    if (!needs) return undefined;
    let isCurrent = true;
    void arranged(document).then((places) => {
      if (isCurrent) setComputed(places);
    }, () => {
      if (isCurrent) setComputed(inRows(document));
    });
    return () => { isCurrent = false; };
  }, [needs]);
  return useMemo(() => (needs ? null : { ...computed, ...layoutOf(document) }), [needs, computed, document.layout]);
}
