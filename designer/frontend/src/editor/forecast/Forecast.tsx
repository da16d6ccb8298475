/** What the designer has of forecasts before one is asked for: a button, and a place for the panel. */
import { lazy, Suspense, useEffect, useState, type ReactElement } from "react";
import type { WhatIf } from "../../graph/whatIf/useWhatIf";
import type { EditData } from "../draft/data";
import type { Workbench } from "../draft/useWorkbench";

const Panel = lazy(() => import("./ForecastPanel").catch(() => ({ default: () => <p className="canvas-refused" role="alert">The forecast cannot be loaded. Try again when the connection is back.</p> })));

export interface ForecastSwitch {
  readonly isOpen: boolean;
  readonly open: () => void;
  readonly close: () => void;
}

/** Open until Escape is pressed, or another panel takes its place. */
export function useForecastSwitch(other: Pick<WhatIf, "isOpen" | "close">): ForecastSwitch {
  const [isOpen, setOpen] = useState(false);
  useEffect(() => { if (other.isOpen) setOpen(false); }, [other.isOpen]);
  useEffect(() => {
    const leave = ({ key, target }: KeyboardEvent): void => {
      if (key === "Escape" && !(target instanceof Element && target.closest("dialog, details"))) setOpen(false);
    };
    if (isOpen) addEventListener("keydown", leave);
    return () => removeEventListener("keydown", leave);
  }, [isOpen]);
  const open = (): void => {
    other.close();
    setOpen(true);
  };
  return { isOpen, open, close: () => setOpen(false) };
}

export function ForecastTool({ forecast: { isOpen, open, close }, isOff }: { readonly forecast: ForecastSwitch; readonly isOff: boolean }): ReactElement {
  return <button type="button" className="btn btn-sm" disabled={isOff} aria-pressed={isOpen} onClick={isOpen ? close : open}>Forecast</button>;
}

interface PlaceProps {
  readonly forecast: ForecastSwitch;
  readonly data: EditData;
  readonly bench: Workbench;
}

export function ForecastPlace({ forecast: { isOpen, close }, data, bench }: PlaceProps): ReactElement | null {
  if (!isOpen) return null;
  return <Suspense fallback={<section className="what-if" aria-busy="true" aria-label="Forecast" />}><Panel data={data} bench={bench} close={close} /></Suspense>;
}
