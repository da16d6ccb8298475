/** The problems that the server has found; a click goes to the place of one. */
import type { ReactElement } from "react";
import type { Problem } from "../../graph/model/problems";
import { FixButtons } from "./fixing";
import { Icon } from "../../shared/icons";

interface Props {
  readonly problems: readonly Problem[];
  readonly go?: (problem: Problem) => void;
}

export function ProblemList({ problems, go }: Props): ReactElement {
  return (
    <ul className="problem-list">
      {problems.map((problem) => {
        const content = <><span className="sr-only">{problem.level}: </span><Icon name={problem.level === "error" ? "cross" : "alert"} /><span>{problem.message}</span> {problem.path && <span className="code muted">{problem.path}</span>}</>;
        return (
          <li key={problem.path + problem.code + problem.message} data-level={problem.level}>
            {go ? <button type="button" onClick={() => go(problem)}>{content}</button> : content}
            {go && <FixButtons problem={problem} />}
          </li>
        );
      })}
    </ul>
  );
}
