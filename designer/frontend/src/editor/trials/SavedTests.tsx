/** The dialog of a workflow's saved tests: list, run, rename, delete. Loaded when it is opened. */
import { useState, type SubmitEvent, type ReactElement } from "react";
import { Dialog } from "../controls/Dialog";
import { Icon } from "../../shared/icons";
import { nameOf, refusalOf, renamed, summaryOf, without, type SavedTest, type TestResult } from "./savedTests";
import { useSavedTests } from "./useSavedTests";

interface Props {
  readonly api: string;
  readonly save: () => Promise<boolean>;
  readonly close: () => void;
}

export default function SavedTests({ api, save, close }: Props): ReactElement {
  const { list, results, refusal, isBusy, run, write } = useSavedTests(api, save);
  const tests = list?.tests ?? [];
  const failed = [...results.values()].filter(({ passed }) => !passed).length;
  return (
    <Dialog title="Tests" close={close} isWide>
      <p className="muted">They play the draft without workers: in milliseconds here, and each time before it is published.</p>
      {refusal && <p className="field-error" role="alert">{refusal}</p>}
      {list && !tests.length && <p>No tests yet. Try the draft, and save the trial as a test when it has ended; or bring a file: <code>manage.py import_workflow NAME.tests.yaml</code>.</p>}
      <p role="status">{results.size > 0 && (failed ? `${failed} of ${results.size} fail.` : `All ${results.size} pass.`)}</p>
      <ul className="saved-tests" aria-label="Saved tests">
        {tests.map((test) => <Line key={nameOf(test)} test={test} tests={tests} result={results.get(nameOf(test))} write={write} />)}
      </ul>
      <div className="actions">
        <button type="button" className="btn" onClick={close}>Close</button>
        <button type="button" className="btn btn-primary" autoFocus disabled={!tests.length || isBusy} onClick={() => void run()}>{isBusy ? "Running…" : "Run all"}</button>
      </div>
    </Dialog>
  );
}

interface LineProps {
  readonly test: SavedTest;
  readonly tests: readonly SavedTest[];
  readonly result: TestResult | undefined;
  readonly write: (tests: readonly SavedTest[]) => Promise<boolean>;
}

function Line({ test, tests, result, write }: LineProps): ReactElement {
  const name = nameOf(test);
  const [asked, ask] = useState<"rename" | "delete" | null>(null);
  return (
    <li data-result={result ? (result.passed ? "passed" : "failed") : undefined}>
      <div className="saved-test">
        <span className="saved-test-name">
          {result && <span className="saved-test-mark"><Icon name={result.passed ? "check" : "cross"} /><span className="sr-only">{result.passed ? "Passes:" : "Fails:"}</span></span>}
          <strong>{name}</strong> <span className="muted">{summaryOf(test)}</span>
        </span>
        <span className="saved-test-acts">
          <button type="button" className="btn btn-xs" onClick={() => ask("rename")}>Rename<span className="sr-only"> {name}</span></button>
          <button type="button" className="btn btn-xs" onClick={() => ask("delete")}>Delete<span className="sr-only"> {name}</span></button>
        </span>
      </div>
      {asked === "rename" && <Rename name={name} tests={tests} write={write} close={() => ask(null)} />}
      {asked === "delete" && (
        <p className="saved-test-asked">Delete this test? <button type="button" className="btn btn-xs btn-error" autoFocus onClick={() => void write(without(tests, name))}>Yes, delete it</button>{" "}
          <button type="button" className="btn btn-xs" onClick={() => ask(null)}>Keep it</button></p>
      )}
      {result && !result.passed && <Reasons result={result} />}
    </li>
  );
}

interface RenameProps {
  readonly name: string;
  readonly tests: readonly SavedTest[];
  readonly write: (tests: readonly SavedTest[]) => Promise<boolean>;
  readonly close: () => void;
}

function Rename({ name, tests, write, close }: RenameProps): ReactElement {
  const [next, setNext] = useState(name);
  const refusal = refusalOf(tests, name, next);
  const rename = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    if (!refusal && await write(renamed(tests, name, next.trim()))) close();
  };
  return (
    <form className="save-trial" onSubmit={(event) => void rename(event)}>
      <label>New name <input className="input input-sm" value={next} maxLength={200} autoFocus aria-invalid={refusal !== ""} onChange={({ target }) => setNext(target.value)} /></label>
      <button type="submit" className="btn btn-xs btn-primary" disabled={refusal !== ""}>Rename</button>
      <button type="button" className="btn btn-xs" onClick={close}>Not now</button>
      {refusal && <p className="field-error" role="alert">{refusal}</p>}
    </form>
  );
}

function Reasons({ result: { reasons, notes, story = [] } }: { readonly result: TestResult }): ReactElement {
  return <>
    <ul className="saved-test-reasons">{[...reasons, ...notes].map((reason) => <li key={reason}>{reason}</li>)}</ul>
    {story.length > 0 && <details><summary>What happened</summary><pre className="json" tabIndex={0}>{story.join("\n")}</pre></details>}
  </>;
}
