/** State of "what if this step fails?": asks the server for the plan, and again after every saved edit. */
import { createContext, useEffect, useMemo, useState } from "react";
import { marksOf, type WhatIfPlan, type WhatIfMarks } from "./whatIf";
import { get, type CallResult } from "../model/calls";

/** Marks for the steps of the surrounding canvas; null while no failure is assumed. */
export const WhatIfContext = createContext<WhatIfMarks | null>(null);

export interface WhatIf {
  readonly isOpen: boolean;
  readonly step: string;
  readonly answer: CallResult<WhatIfPlan> | null;
  readonly marks: WhatIfMarks | null;
  readonly ask: (step: string) => void;
  readonly open: () => void;
  readonly close: () => void;
}

/** `url` is the plan's address without its query; `saved` is another object after each saved edit. */
export function useWhatIf(url: string, saved: unknown): WhatIf {
  const [isOpen, setOpen] = useState(false);
  const [step, ask] = useState("");
  const [answer, setAnswer] = useState<CallResult<WhatIfPlan> | null>(null);
  useEffect(() => {
    if (!isOpen || !step) return setAnswer(null);
    let isCurrent = true;
    void get<WhatIfPlan>(`${url}?step=${encodeURIComponent(step)}`).then((result) => {
      if (isCurrent) setAnswer(result);
    });
    return () => { isCurrent = false; };
  }, [isOpen, step, url, saved]);
  useEffect(() => {
    const leave = ({ key, target }: KeyboardEvent): void => {
      if (key === "Escape" && !(target instanceof Element && target.closest("dialog, details"))) setOpen(false);
    };
    if (isOpen) addEventListener("keydown", leave);
    return () => removeEventListener("keydown", leave);
  }, [isOpen]);
  const isShown = isOpen && answer?.is === "ok" && answer.value.step === step;
  const marks = useMemo(() => (isShown ? marksOf(answer.value) : null), [isShown, answer]);
  return { isOpen, step, answer, marks, ask, open: () => setOpen(true), close: () => setOpen(false) };
}
