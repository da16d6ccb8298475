/** Takes steps from the palette into the draft. Those of APIs are read from the server first, so the draft may have changed by then. */
import { useMemo, useRef } from "react";
import type { Block } from "../../graph/model/catalog";
import type { Place } from "../../graph/model/document";
import { operationIn } from "../model/operations";
import { readBlock } from "./operations";
import type { Workbench } from "./useWorkbench";

export interface Taking {
  readonly add: (block: Block) => void;
  readonly addOperation: (key: string) => void;
  readonly drop: (key: string, place: Place, edge: string | null) => void;
}

export function useTaking(bench: Workbench): Taking {
  const latest = useRef(bench);
  latest.current = bench;
  return useMemo(() => {
    const whenRead = (key: string, use: (block: Block) => void): void => void readBlock(key).then((block) => {
      if (typeof block === "string") latest.current.notify(block);
      else use(block);
    });
    return {
      add: (block) => latest.current.addBeside(block),
      addOperation: (key) => whenRead(key, (block) => latest.current.addBeside(block)),
      drop: (key, place, edge) => {
        if (operationIn(key)) return whenRead(key, (block) => latest.current.drop(block, place, edge));
        const block = latest.current.blocks.find((candidate) => candidate.key === key);
        if (block) latest.current.drop(block, place, edge);
      },
    };
  }, []);
}
