/** The problems of one field, in the server's words. */
import type { ReactElement } from "react";
import type { Problem } from "../../graph/model/problems";

interface Props {
  readonly problems: readonly Problem[];
  readonly id?: string;
}

export function FieldProblem({ problems, id }: Props): ReactElement | null {
  if (!problems.length) return null;
  return (
    <div id={id}>
      {problems.map(({ code, message, level }) => <p key={code + message} className="field-error" data-level={level}><span className="sr-only">{level}: </span>{message}</p>)}
    </div>
  );
}
