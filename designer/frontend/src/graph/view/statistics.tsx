/** Statistics of a version's ended runs on its steps, fetched once. */
import { createContext, useContext, useEffect, useState, type ReactElement } from "react";
import { statisticsOf, undoText, textsOf, type Statistics, type StepStatistics, type StatisticsAnswer } from "../model/statistics";
import { get } from "../model/calls";
import { Icon } from "../../shared/icons";

export const StatisticsContext = createContext<Statistics | null>(null);

export const useStepStatistics = (step: string): StepStatistics | undefined => useContext(StatisticsContext)?.get(step);

/** Null until they are fetched, and when they cannot be. */
export function useStatistics(url: string | null): Statistics | null {
  const [statistics, setStatistics] = useState<Statistics | null>(null);
  useEffect(() => {
    let isCurrent = true;
    if (url) void get<StatisticsAnswer>(url).then((result) => { if (isCurrent && result.is === "ok") setStatistics(statisticsOf(result.value)); });
    return () => { isCurrent = false; };
  }, [url]);
  return statistics;
}

export function StatisticBadges({ statistics }: { readonly statistics: StepStatistics }): ReactElement {
  return <>{textsOf(statistics).map(({ icon, text, description, is }) => (
    <span key={description} className="step-statistic" data-is={is} title={description}>{icon && <Icon name={icon} />}<span aria-hidden="true">{text}</span><span className="sr-only">{description}</span></span>
  ))}</>;
}

export function UndoStatistics({ statistics }: { readonly statistics: StepStatistics }): ReactElement | null {
  const text = undoText(statistics);
  return text ? <span className="step-statistic-undo">{text}</span> : null;
}

/** The button that shows or hides the statistics; a note where no run has ended yet. */
export function StatisticsSwitch({ statistics, isShown, turn }: { readonly statistics: Statistics | null; readonly isShown: boolean; readonly turn: () => void }): ReactElement | null {
  if (!statistics) return null;
  if (!statistics.size) return <span className="muted statistics-none">No run of this version has ended yet</span>;
  return <button type="button" className="btn btn-sm" aria-pressed={isShown} onClick={turn}>{isShown ? "Hide figures" : "Show figures"}</button>;
}
