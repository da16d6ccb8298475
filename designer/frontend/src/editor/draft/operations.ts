/** Asks the server for the operations of APIs. What was read is kept as long as the page. */
import { useEffect, useState } from "react";
import type { Block } from "../../graph/model/catalog";
import { get, type CallResult } from "../../graph/model/calls";
import { blockOf, operationIn, type Api, type Operation, type OperationStep, type RequestKey } from "../model/operations";

/** Nothing is asked for before somebody stops typing for so long. */
const PAUSE_MS = 150;

export interface OperationPage {
  readonly operations: readonly Operation[];
  readonly next: number | null;
}

const read = new Map<string, Promise<CallResult<OperationStep>>>();
const looked = new Map<string, Promise<OperationStep | null>>();

const addressOf = (connection: string): string => `/api/v1/connections/${encodeURIComponent(connection)}/operations`;

export function searchOperations(connection: string, words: string, cursor: number | null): Promise<CallResult<OperationPage>> {
  const query = new URLSearchParams({ q: words, ...(cursor !== null && { cursor: String(cursor) }) });
  return get<OperationPage>(`${addressOf(connection)}?${query.toString()}`);
}

export function readOperation(connection: string, id: string): Promise<CallResult<OperationStep>> {
  const address = `${addressOf(connection)}/${encodeURIComponent(id)}`;
  return kept(read, address, () => get<OperationStep>(address), ({ is }) => is === "ok");
}

/** The block of an operation; a text says why there is none. */
export async function readBlock(key: string): Promise<Block | string> {
  const operation = operationIn(key);
  if (!operation) return `There is no step ${key}.`;
  const result = await readOperation(operation.connection, operation.id);
  return result.is === "ok" ? blockOf(operation.connection, result.value) : result.message;
}

/** Operations of all APIs that match what is typed; none before anything is. */
export function useMatchingOperations(apis: readonly Api[], words: string): readonly (Operation & { readonly connection: string })[] {
  const [found, setFound] = useState<{ readonly words: string; readonly operations: readonly (Operation & { readonly connection: string })[] }>({ words: "", operations: [] });
  useEffect(() => {
    if (!words.trim() || !apis.length) return;
    let isWanted = true;
    const timer = setTimeout(() => void Promise.all(apis.map(async ({ connection }) => {
      const result = await searchOperations(connection, words, null);
      return result.is === "ok" ? result.value.operations.map((operation) => ({ ...operation, connection })) : [];
    })).then((all) => { if (isWanted) setFound({ words, operations: all.flat() }); }), PAUSE_MS);
    return () => {
      isWanted = false;
      clearTimeout(timer);
    };
  }, [apis, words]);
  return found.words === words ? found.operations : [];
}

/** The operation that a request calls, as soon as it is known; null for none. */
export function useOperation(request: RequestKey | null): OperationStep | null {
  const address = request && `${addressOf(request.connection)}?${new URLSearchParams({ method: request.method, url: request.url }).toString()}`;
  const [found, setFound] = useState<{ readonly address: string; readonly operation: OperationStep | null } | null>(null);
  const connection = request?.connection ?? "";
  useEffect(() => {
    if (!address) return;
    let isWanted = true;
    void kept(looked, address, () => lookUp(connection, address), (operation) => operation !== null).then((operation) => { if (isWanted) setFound({ address, operation }); });
    return () => { isWanted = false; };
  }, [address, connection]);
  return found?.address === address ? found.operation : null;
}

async function lookUp(connection: string, address: string): Promise<OperationStep | null> {
  const page = await get<OperationPage>(address);
  const [first] = page.is === "ok" ? page.value.operations : [];
  const result = first && await readOperation(connection, first.id);
  return result?.is === "ok" ? result.value : null;
}

/** One request for all who ask; what failed is asked for again. */
function kept<Value>(all: Map<string, Promise<Value>>, key: string, ask: () => Promise<Value>, isGood: (value: Value) => boolean): Promise<Value> {
  const before = all.get(key);
  if (before) return before;
  const asked = ask();
  all.set(key, asked);
  void asked.then((value) => { if (!isGood(value)) all.delete(key); });
  return asked;
}
