/** Faults that the workers of a shipped workflow simulate, chosen for each step and its undo. */
import type { ReactElement } from "react";
import { isObject, type Json } from "../shared/json";
import { useForm } from "./context";
import { textOf } from "./schema";

export interface FaultData {
  /** The member of the input that states them. */
  readonly key: string;
  readonly steps: readonly { readonly title: string; readonly worker: string; readonly undo: string }[];
  readonly kinds: readonly { readonly value: string; readonly label: string }[];
}

export function Faults({ faults, value }: { readonly faults: FaultData; readonly value: Json | undefined }): ReactElement {
  const { put } = useForm();
  const stated = isObject(value) ? value : {};
  const choose = (worker: string, fault: string): void => {
    const { [worker]: _, ...others } = stated;
    const next = fault ? { ...others, [worker]: fault } : others;
    put([faults.key], Object.keys(next).length > 0 ? next : undefined);
  };
  const choice = (worker: string, label: string): ReactElement => {
    const now = textOf(stated[worker]);
    const isOther = now !== "" && !faults.kinds.some((kind) => kind.value === now);
    return (
      <select className="select select-sm" aria-label={label} value={now} data-set={now ? "yes" : undefined} onChange={({ target }) => choose(worker, target.value)}>
        <option value="">Works</option>
        {isOther && <option value={now}>{now}</option>}
        {faults.kinds.map((kind) => <option key={kind.value} value={kind.value}>{kind.label}</option>)}
      </select>
    );
  };
  return (
    <fieldset className="input-group" data-pointer={`/${faults.key}`} tabIndex={-1}>
      <legend>What goes wrong</legend>
      <p className="field-help">This workflow is an example: choose what fails, and watch what is undone.</p>
      <table className="input-faults">
        <thead><tr><th scope="col">Step</th><th scope="col">The step</th><th scope="col">Its undo</th></tr></thead>
        <tbody>
          {faults.steps.map(({ title, worker, undo }) => (
            <tr key={`${title} ${worker}`}>
              <th scope="row">{title}</th>
              <td>{choice(worker, `What ${title} does`)}</td>
              <td>{undo ? choice(undo, `What the undo of ${title} does`) : <span className="muted text-sm">none</span>}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </fieldset>
  );
}
