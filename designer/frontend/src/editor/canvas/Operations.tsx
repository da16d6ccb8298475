/** Operations of APIs in the palette: a heading for each connection, folded until it is opened or something is searched. */
import { useEffect, useState, type ReactElement } from "react";
import { Icon } from "../../shared/icons";
import { DEFAULT_KIND, KINDS } from "../../shared/kinds";
import { readOperation, searchOperations, type OperationPage } from "../draft/operations";
import { keyOf, type Api } from "../model/operations";
import { BLOCK_TYPE } from "./blockType";

const PAUSE_MS = 200;

interface Props {
  readonly api: Api;
  readonly words: string;
  readonly add: (key: string) => void;
}

export function Operations({ api, words, add }: Props): ReactElement | null {
  const isSearch = words.trim() !== "";
  const [isOpen, open] = useState(false);
  const { page, message, more } = useOperations(api.connection, words, isSearch || isOpen);
  if (isSearch && page && !page.operations.length && !message) return null;
  return (
    <details className="palette-fold" open={isOpen || isSearch} onToggle={(event) => { if (!isSearch) open(event.currentTarget.open); }}>
      <summary>{api.connection} <span className="muted">{api.operations.toLocaleString("en")}</span></summary>
      {(isOpen || isSearch) && <section aria-label={`Operations of ${api.connection}`}>
        {page?.operations.map(({ id, title, method, url }) => (
          <button key={id} type="button" className="block operation" draggable title={`${method} ${url}`}
            onClick={() => add(keyOf(api.connection, id))}
            onDragStart={(event) => {
              event.dataTransfer.setData(BLOCK_TYPE, keyOf(api.connection, id));
              event.dataTransfer.effectAllowed = "copy";
              void readOperation(api.connection, id);
            }}>
            <Icon name={KINDS[DEFAULT_KIND].icon} /><span>{title}<span className="operation-call code">{method} {url}</span></span>
          </button>
        ))}
        {message && <p className="hint" role="alert">{message}</p>}
        {page?.next != null && <button type="button" className="link" onClick={more}>Show more<span className="sr-only"> of {api.connection}</span></button>}
      </section>}
    </details>
  );
}

function useOperations(connection: string, words: string, isWanted: boolean) {
  const [page, setPage] = useState<OperationPage | null>(null);
  const [message, say] = useState("");
  useEffect(() => {
    if (!isWanted) return;
    let isLatest = true;
    const timer = setTimeout(() => void searchOperations(connection, words, null).then((result) => {
      if (!isLatest) return;
      say(result.is === "ok" ? "" : result.message);
      if (result.is === "ok") setPage(result.value);
    }), words ? PAUSE_MS : 0);
    return () => {
      isLatest = false;
      clearTimeout(timer);
    };
  }, [connection, words, isWanted]);
  const more = (): void => {
    if (page) void searchOperations(connection, words, page.next).then((result) => {
      if (result.is === "ok") setPage((before) => (before === page ? { ...result.value, operations: [...page.operations, ...result.value.operations] } : before));
      else say(result.message);
    });
  };
  return { page, message, more };
}
