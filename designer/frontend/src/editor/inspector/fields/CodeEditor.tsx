/** A small editor for one expression, with completion. Loaded only where one is edited. */
import { present } from "../../../shared/present";
import { acceptCompletion, autocompletion, closeBrackets, completionKeymap, startCompletion, type CompletionContext, type CompletionResult } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { EditorState, type Extension } from "@codemirror/state";
import { EditorView, keymap } from "@codemirror/view";
import { useEffect, useEffectEvent, useRef, type ReactElement, type RefObject } from "react";
import { optionsAt, type Known } from "../../expressions/completion";

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
  const create = useEffectEvent((parent: HTMLElement, name: string): EditorView => {
    const attributes = { "aria-label": name, "aria-describedby": describedBy ?? "", "aria-invalid": String(isWrong), "aria-multiline": "false", spellcheck: "false" };
    const editor = new EditorView({ parent, state: EditorState.create({ doc: value, extensions: [...extensionsOf(latest), EditorView.contentAttributes.of(attributes)] }) });
    if (hasFocus) editor.focus();
    return editor;
  });
  useEffect(() => {
    const editor = create(present(place.current), label);
    view.current = editor;
    return () => editor.destroy();
  }, [label]);
  useEffect(() => {
    const editor = view.current;
    const shown = editor?.state.doc.toString();
    if (editor && shown !== undefined && shown !== value) editor.dispatch({ changes: { from: 0, to: shown.length, insert: value } });
  }, [value]);
  useEffect(() => {
    const editor = view.current;
    if (!editor?.hasFocus) return;
    const { doc, selection } = editor.state;
    if (optionsAt(doc.toString(), selection.main.head, known, false)) startCompletion(editor);
  }, [known]);
  useEffect(() => {
    view.current?.contentDOM.setAttribute("aria-invalid", String(isWrong));
    view.current?.contentDOM.setAttribute("aria-describedby", describedBy ?? "");
  }, [isWrong, describedBy]);
  return <div ref={place} className="code-editor" onKeyDown={(event) => event.stopPropagation()} />;
}

/** `latest` is read at each key, so that the editor need not be created again when props change. */
function extensionsOf(latest: RefObject<Pick<EditorProps, "change" | "known">>): Extension[] {
  const complete = (context: CompletionContext): CompletionResult | null => {
    const completion = optionsAt(context.state.doc.toString(), context.pos, latest.current.known, context.explicit);
    return completion && { from: completion.from, options: [...completion.options], validFor: /^\w*$/ };
  };
  return [
    history(), closeBrackets(), autocompletion({ override: [complete], icons: false, interactionDelay: 0 }), EditorView.lineWrapping,
    keymap.of([{ key: "Tab", run: acceptCompletion }, ...completionKeymap, ...defaultKeymap, ...historyKeymap]),
    EditorView.cspNonce.of(document.querySelector<HTMLElement>("meta[name=csp-nonce]")?.nonce ?? ""),
    EditorView.updateListener.of((update) => { if (update.docChanged) latest.current.change(update.state.doc.toString()); }),
  ];
}
