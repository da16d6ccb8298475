/** The figures of a version's ended runs, painted on its steps. Had once, when the canvas is drawn. */
import { createContext, useContext, useEffect, useState, type ReactElement } from "react";
import { figuresOf, undoWords, wordsOf, type Figures, type StepFigures, type Told } from "../model/figures";
import { get } from "../model/calls";
import { Icon } from "../../shared/icons";

export const FiguresContext = createContext<Figures | null>(null);

export const useStepFigures = (step: string): StepFigures | undefined => useContext(FiguresContext)?.get(step);

/** Null until they are there, and where they could not be had. */
export function useFigures(url: string | null): Figures | null {
  const [figures, setFigures] = useState<Figures | null>(null);
  useEffect(() => {
    let isCurrent = true;
    if (url) void get<Told>(url).then((told) => { if (isCurrent && told.is === "ok") setFigures(figuresOf(told.value)); });
    return () => { isCurrent = false; };
  }, [url]);
  return figures;
}

export function FigureBadges({ figures }: { readonly figures: StepFigures }): ReactElement {
  return <>{wordsOf(figures).map(({ icon, text, says, is }) => (
    <span key={says} className="step-figure" data-is={is} title={says}>{icon && <Icon name={icon} />}<span aria-hidden="true">{text}</span><span className="sr-only">{says}</span></span>
  ))}</>;
}

export function UndoFigures({ figures }: { readonly figures: StepFigures }): ReactElement | null {
  const words = undoWords(figures);
  return words ? <span className="step-figure-undo">{words}</span> : null;
}

/** Shows or hides them; says so where no run has ended yet. */
export function FiguresSwitch({ figures, isShown, turn }: { readonly figures: Figures | null; readonly isShown: boolean; readonly turn: () => void }): ReactElement | null {
  if (!figures) return null;
  if (!figures.size) return <span className="muted figures-none">No run of this version has ended yet</span>;
  return <button type="button" className="btn btn-sm" aria-pressed={isShown} onClick={turn}>{isShown ? "Hide figures" : "Show figures"}</button>;
}
