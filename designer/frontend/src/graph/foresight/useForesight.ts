/** "What if this step fails?": asks the server for the plan, and again after every saved edit. */
import { createContext, useEffect, useMemo, useState } from "react";
import { marksOf, type Foreseen, type Foresight } from "./foresight";
import { get, type Told } from "../model/calls";

/** The marks of the canvas around; null: nobody asks. */
export const ForesightContext = createContext<Foresight | null>(null);

export interface Foreseeing {
  readonly isOpen: boolean;
  readonly step: string;
  readonly answer: Told<Foreseen> | null;
  readonly marks: Foresight | null;
  readonly ask: (step: string) => void;
  readonly open: () => void;
  readonly close: () => void;
}

/** `url` is the plan's address without its query; `saved` is another object after each saved edit. */
export function useForesight(url: string, saved: unknown): Foreseeing {
  const [isOpen, setOpen] = useState(false);
  const [step, ask] = useState("");
  const [answer, setAnswer] = useState<Told<Foreseen> | null>(null);
  useEffect(() => {
    if (!isOpen || !step) return setAnswer(null);
    let isCurrent = true;
    void get<Foreseen>(`${url}?step=${encodeURIComponent(step)}`).then((told) => {
      if (isCurrent) setAnswer(told);
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
