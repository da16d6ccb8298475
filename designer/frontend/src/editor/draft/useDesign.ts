/** State of the draft that is edited: its history, its saving and its problems. */
import { useCallback, useEffect, useRef, useState } from "react";
import { publishDraft, saveDraft, type Published } from "./api";
import type { Command } from "../model/commands";
import type { Document } from "../../graph/model/document";
import { begin, perform, redo, undo, type History } from "../model/history";
import type { Problem } from "../../graph/model/problems";
import { Autosave, type SaveState } from "./saving";
import type { EditData } from "./data";

export interface Design {
  readonly document: Document;
  readonly problems: readonly Problem[];
  readonly save: SaveState;
  readonly canUndo: boolean;
  readonly canRedo: boolean;
  readonly do: (command: Command, topic?: string) => void;
  readonly undo: () => void;
  readonly redo: () => void;
  /** Ends a conflict with this document. */
  readonly settle: (document: Document) => void;
  /** `note` says what is new in the version. */
  readonly publish: (note: string, despiteTests: boolean) => Promise<Published>;
  /** Saves what is not saved yet; gives the revision that the server has then, or null where it has not everything. */
  readonly flush: () => Promise<number | null>;
}

export function useDesign(data: EditData): Design {
  const [history, setHistory] = useState<History>(() => begin(data.document));
  const [problems, setProblems] = useState(data.problems);
  const [save, setSave] = useState<SaveState>({ is: "saved" });
  const saving = useRef<Autosave | null>(null);
  saving.current ??= new Autosave({
    revision: data.revision, document: data.document, show: setSave, setProblems,
    send: (document, revision) => saveDraft(data.api, document, revision),
  });
  const autosave = saving.current;
  useEffect(() => autosave.change(history.present), [autosave, history.present]);
  useEffect(() => {
    const warn = (event: BeforeUnloadEvent): void => { if (!autosave.isSafe) event.preventDefault(); };
    addEventListener("beforeunload", warn);
    return () => removeEventListener("beforeunload", warn);
  }, [autosave]);
  const publish = useCallback(async (note: string, despiteTests: boolean): Promise<Published> => {
    if (await autosave.flush()) return publishDraft(data.api, autosave.revision, note, despiteTests);
    return { is: "refused", message: "The draft could not be saved, so it was not published.", problems: [], tests: [] };
  }, [autosave, data.api]);
  const flush = useCallback(async () => ((await autosave.flush()) ? autosave.revision : null), [autosave]);
  return {
    document: history.present, problems, save, publish, flush,
    canUndo: history.past.length > 0, canRedo: history.future.length > 0,
    do: useCallback((command, topic) => setHistory((before) => perform(before, command, topic)), []),
    undo: useCallback(() => setHistory(undo), []),
    redo: useCallback(() => setHistory(redo), []),
    settle: useCallback((document) => {
      autosave.settleConflict(document);
      setHistory((before) => perform(before, { do: "replace", document }));
    }, [autosave]),
  };
}
