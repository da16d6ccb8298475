/** State of the saved tests while their dialog is open: the list, what they came to, and why a call was refused. */
import { useEffect, useState } from "react";
import { readTests, runTests, writeTests, type SavedTest, type TestList, type TestResult } from "./savedTests";

type Results = ReadonlyMap<string, TestResult>;
const NONE: Results = new Map();

export interface SavedTestsState {
  readonly list: TestList | null;
  readonly results: Results;
  readonly refusal: string;
  readonly isBusy: boolean;
  readonly run: () => Promise<void>;
  readonly write: (tests: readonly SavedTest[]) => Promise<boolean>;
}

export function useSavedTests(api: string, save: () => Promise<boolean>): SavedTestsState {
  const [list, setList] = useState<TestList | null>(null);
  const [results, setResults] = useState<Results>(NONE);
  const [refusal, setRefusal] = useState("");
  const [isBusy, setBusy] = useState(false);
  useEffect(() => {
    void readTests(api).then((result) => (result.is === "ok" ? setList(result.value) : setRefusal(result.message)));
  }, [api]);
  const run = async (): Promise<void> => {
    setBusy(true);
    const result = (await save()) ? await runTests(api) : null;
    setBusy(false);
    if (!result) {
      setRefusal("The draft is not saved yet, and tests run on what is saved. Try again when it is.");
      return;
    }
    setRefusal(result.is === "refused" ? [result.message, ...result.problems.map(({ message }) => message)].join(" ") : "");
    setResults(result.is === "ok" ? new Map(result.value.results.map((one) => [one.name, one])) : NONE);
  };
  const write = async (tests: readonly SavedTest[]): Promise<boolean> => {
    const result = list && await writeTests(api, list, tests);
    if (result?.is === "ok") setList(result.value);
    setRefusal(result?.is === "refused" ? result.message : "");
    return result?.is === "ok";
  };
  return { list, results, refusal, isBusy, run, write };
}
