/** Saves a trial that has ended as a test: its input, what its steps gave, and its end as what is expected. */
import { useId, useState, type SubmitEvent, type ReactElement } from "react";
import { recordTest } from "./savedTests";

interface Props {
  readonly api: string;
  readonly run: string;
}

export function SaveTrial({ api, run }: Props): ReactElement {
  const id = useId();
  const [isOpen, setOpen] = useState(false);
  const [name, setName] = useState("");
  const [refusal, setRefusal] = useState("");
  const [saved, setSaved] = useState("");
  const save = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const result = await recordTest(api, run, name.trim());
    setRefusal(result.is === "refused" ? result.message : "");
    if (result.is === "ok") setSaved(name.trim());
  };
  if (saved) return <p role="status">Saved as the test <strong>{saved}</strong>.</p>;
  if (!isOpen) return <div><button type="button" className="btn btn-xs" onClick={() => setOpen(true)}>Save this trial as a test</button></div>;
  return (
    <form className="save-trial" onSubmit={(event) => void save(event)}>
      <label htmlFor={id}>Name of the test</label>
      <input id={id} className="input input-sm" value={name} maxLength={200} required autoFocus aria-invalid={refusal !== ""} aria-describedby={refusal ? `${id}-refusal` : undefined} onChange={({ target }) => setName(target.value)} />
      <button type="submit" className="btn btn-xs btn-primary" disabled={!name.trim()}>Save</button>
      <button type="button" className="btn btn-xs" onClick={() => setOpen(false)}>Not now</button>
      {refusal && <p className="field-error" role="alert" id={`${id}-refusal`}>{refusal}</p>}
    </form>
  );
}
