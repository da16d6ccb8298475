/** Where every step stands: as the document says, else where the automatic layout puts it. */
import { useEffect, useMemo, useState } from "react";
import { layoutOf, type Document, type Place } from "../model/document";
import { unplaced } from "../model/nodes";

/** Null until the places of all steps are known; dagre is loaded only where something has no place. */
export function usePlaces(document: Document): Readonly<Record<string, Place>> | null {
  const [computed, setComputed] = useState<Readonly<Record<string, Place>> | null>(null);
  const missing = unplaced(document).filter((id) => !computed?.[id]);
  const needs = missing.join("\n");
  useEffect(() => {
    if (!needs) return undefined;
    let isCurrent = true;
    void import("../model/layout").then(({ autoLayout }) => {
      if (isCurrent) setComputed(autoLayout(document));
    });
    return () => { isCurrent = false; };
  }, [needs]);
  return useMemo(() => (needs ? null : { ...computed, ...layoutOf(document) }), [needs, computed, document.layout]);
}
