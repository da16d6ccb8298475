/** A modal dialog of the browser's own kind: keeps the focus, closes by Escape. */
import { useEffect, useId, useRef, type ReactElement, type ReactNode } from "react";

interface Props {
  readonly title: string;
  readonly close: (() => void) | null;
  readonly children: ReactNode;
}

/** Without `close` it must be answered. */
export function Dialog({ title, close, children }: Props): ReactElement {
  const ref = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const dialog = ref.current;
    dialog?.showModal();
    return () => dialog?.close();
  }, []);
  return (
    <dialog ref={ref} className="sheet" aria-labelledby={id} onCancel={(event) => { event.preventDefault(); close?.(); }}>
      <h2 id={id}>{title}</h2>
      {children}
    </dialog>
  );
}
