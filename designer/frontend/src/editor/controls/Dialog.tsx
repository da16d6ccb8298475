/** A modal dialog of the browser: it keeps the focus, closes by Escape and returns the focus. */
import { useId, useLayoutEffect, useRef, type ReactElement, type ReactNode } from "react";

interface Props {
  readonly title: string;
  readonly close: (() => void) | null;
  readonly isWide?: boolean;
  readonly children: ReactNode;
}

/** Without `close` the dialog cannot be dismissed. */
export function Dialog({ title, close, isWide = false, children }: Props): ReactElement {
  const ref = useRef<HTMLDialogElement>(null);
  const id = useId();
  useLayoutEffect(() => {
    const dialog = ref.current;
    if (dialog && !dialog.open) dialog.showModal();
    return () => dialog?.close();
  }, []);
  return (
    <dialog ref={ref} className={isWide ? "sheet sheet-wide" : "sheet"} aria-labelledby={id} onCancel={(event) => { event.preventDefault(); close?.(); }}>
      <h2 id={id}>{title}</h2>
      {children}
    </dialog>
  );
}
