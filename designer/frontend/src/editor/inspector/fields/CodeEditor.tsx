/** A small editor for one expression, with completion. Loaded only where one is edited. */
import { acceptCompletion, autocompletion, closeBrackets, completionKeymap, startCompletion, type CompletionContext, type CompletionResult } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { EditorState } from "@codemirror/state";
import { EditorView, keymap } from "@codemirror/view";
import { useEffect, useRef, type ReactElement } from "react";
import { optionsAt, type Known } from "../../model/completion";

export interface EditorProps {
  readonly label: string;
  readonly describedBy: string | undefined;
  readonly isWrong: boolean;
  readonly value: string;
  readonly known: readonly Known[];
  readonly hasFocus: boolean;
  readonly change: (value: string) => void;
}

export default function CodeEditor({ label, describedBy, isWrong, value, known, hasFocus, change }: EditorProps): ReactElement {
  const place = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  const latest = useRef({ change, known });
  latest.current = { change, known };
  useEffect(() => {
    const complete = (context: CompletionContext): CompletionResult | null => {
      const found = optionsAt(context.state.doc.toString(), context.pos, latest.current.known, context.explicit);
      return found && { from: found.from, options: [...found.options], validFor: /^\w*$/ };
    };
    const made = new EditorView({
      parent: place.current!,
      state: EditorState.create({
        doc: value,
        extensions: [
          history(), closeBrackets(), autocompletion({ override: [complete], icons: false, interactionDelay: 0 }), EditorView.lineWrapping,
          keymap.of([{ key: "Tab", run: acceptCompletion }, ...completionKeymap, ...defaultKeymap, ...historyKeymap]),
          EditorView.contentAttributes.of({ "aria-label": label, "aria-describedby": describedBy ?? "", "aria-invalid": String(isWrong), "aria-multiline": "false", spellcheck: "false" }),
          EditorView.cspNonce.of(document.querySelector<HTMLElement>("meta[name=csp-nonce]")?.nonce ?? ""),
          EditorView.updateListener.of((update) => { if (update.docChanged) latest.current.change(update.state.doc.toString()); }),
        ],
      }),
    });
    view.current = made;
    if (hasFocus) made.focus();
    return () => made.destroy();
  }, [label]);
  useEffect(() => {
    const shown = view.current?.state.doc.toString();
    if (view.current && shown !== value) view.current.dispatch({ changes: { from: 0, to: shown!.length, insert: value } });
  }, [value]);
  useEffect(() => {
    const { state, hasFocus: isUsed } = view.current ?? {};
    if (isUsed && state && optionsAt(state.doc.toString(), state.selection.main.head, known, false)) startCompletion(view.current!);
  }, [known]);
  useEffect(() => {
    view.current?.contentDOM.setAttribute("aria-invalid", String(isWrong));
    view.current?.contentDOM.setAttribute("aria-describedby", describedBy ?? "");
  }, [isWrong, describedBy]);
  return <div ref={place} className="code-editor" onKeyDown={(event) => event.stopPropagation()} />;
}
