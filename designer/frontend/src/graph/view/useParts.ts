/** Graphs of a canvas with the places of their steps: from the documents, else from the automatic layout. */
import { useEffect, useEffectEvent, useMemo, useRef, useState } from "react";
import { arranged } from "../layout/arrange";
import { directionOf, type Direction } from "../layout/direction";
import type { Section } from "../model/bodies";
import type { Part } from "../model/boxes";
import { layoutOf, type Document, type Places } from "../model/document";
import { inRows, unplaced } from "../model/nodes";
import { present } from "../../shared/present";

interface Known {
  readonly direction: Direction;
  readonly places: ReadonlyMap<Document, Places>;
}

/**
 * Null until all places are known for the first time; later, until those of new graphs are, the former parts.
 * With `isTurned` also graphs that lead in another direction are arranged anew.
 */
export function useParts(sections: readonly Section[], direction: Direction, isTurned: boolean): ReadonlyMap<string, Part> | null {
  const [{ places: all, direction: knownIn }, setKnown] = useState<Known>({ direction, places: new Map() });
  const known = knownIn === direction ? all : NONE;
  const documents = useMemo(() => sections.map(({ document }) => document), [sections]);
  useEffect(() => {
    let isCurrent = true;
    for (const document of documents) {
      if (known.has(document)) continue;
      void placesOf(document, direction, isTurned).then((places) => {
        if (isCurrent) setKnown((before) => ({ direction, places: new Map(before.direction === direction ? before.places : NONE).set(document, places) }));
      });
    }
    return () => { isCurrent = false; };
  }, [documents, known, direction, isTurned]);
  const latest = useRef<ReadonlyMap<string, Part> | null>(null);
  return useMemo(() => {
    if (documents.every((document) => known.has(document))) {
      latest.current = new Map(sections.map(({ path, document }) => [path, { path, document, places: present(known.get(document)) }]));
    }
    return latest.current;
  }, [sections, documents, known]);
}

const NONE: ReadonlyMap<Document, Places> = new Map();

function placesOf(document: Document, direction: Direction, isTurned: boolean): Promise<Places> {
  const layout = layoutOf(document);
  const isAsWanted = !isTurned || (directionOf(document, layout) ?? direction) === direction;
  if (isAsWanted && !unplaced(document).length) return Promise.resolve(layout);
  return arranged(document, direction).catch(() => inRows(document));
}

/** `of` names the graph, as steps of several graphs may have the same name. Null until the places of all steps are known; a layout is computed only where something has no place. */
export function usePlaces(document: Document, of: string, direction: Direction): Places | null {
  const [known, setKnown] = useState<{ readonly of: string; readonly places: Places } | null>(null);
  const computed = known?.of === of ? known.places : null;
  const { steps, layout } = document;
  const needs = useMemo(
    () => unplaced({ steps: steps ?? [], layout: layout ?? {} }).filter((id) => !computed?.has(id)).join("\n"), [steps, layout, computed],
  );
  const arrange = useEffectEvent(() => arranged(document, direction).catch(() => inRows(document)));
  useEffect(() => {
    if (!needs) return undefined;
    let isCurrent = true;
    void arrange().then((places) => { if (isCurrent) setKnown({ of, places }); });
    return () => { isCurrent = false; };
  }, [needs, of]);
  return useMemo(() => (needs ? null : new Map([...(computed ?? []), ...layoutOf({ layout: layout ?? {} })])), [needs, computed, layout]);
}
