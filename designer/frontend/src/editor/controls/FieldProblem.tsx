/** The problems of one field, in the server's words. */
import type { ReactElement } from "react";
import { FixButtons } from "./fixing";
import type { Problem } from "../../graph/model/problems";

interface Props {
  readonly problems: readonly Problem[];
  readonly id?: string;
}

export function FieldProblem({ problems, id }: Props): ReactElement | null {
  if (!problems.length) return null;
  return (
    <div id={id}>
      {problems.map((problem) => (
        <div key={problem.code + problem.message}>
          <p className="field-error" data-level={problem.level}><span className="sr-only">{problem.level}: </span>{problem.message}</p>
          <FixButtons problem={problem} />
        </div>
      ))}
    </div>
  );
}
