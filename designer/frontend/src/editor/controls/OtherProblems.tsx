/** The problems of what is inspected that no field in view shows. */
import { useContext, type ReactElement } from "react";
import { spotOf } from "../../graph/model/problems";
import { InspectedContext } from "./inspected";
import { PreviewSourceContext } from "./previewSource";
import { ProblemList } from "./ProblemList";

/** `isShown`: whether a field of what is inspected is in view. */
export function OtherProblems({ isShown }: { readonly isShown: (field: string) => boolean }): ReactElement | null {
  const { problems, prefix } = useContext(InspectedContext);
  const { go } = useContext(PreviewSourceContext);
  const others = problems.filter((problem) => !isShown(spotOf(problem).field));
  return others.length ? <ProblemList problems={others} go={(problem) => go({ ...problem, path: prefix + problem.path })} /> : null;
}
