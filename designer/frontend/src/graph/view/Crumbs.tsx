/** The way into the body of a step: where the canvas is, and the buttons out. */
import type { ReactElement } from "react";
import type { Way } from "../model/bodies";

interface Props {
  readonly title: string;
  readonly way: Way;
  /** Goes out to the graph that so many steps lead to. */
  readonly leave: (depth: number) => void;
}

export function Crumbs({ title, way, leave }: Props): ReactElement | null {
  if (!way.length) return null;
  return (
    <nav className="crumbs" aria-label="Way into the step">
      <ol>
        {[title, ...way].map((name, depth) => (
          <li key={depth}>{depth < way.length ? <button type="button" onClick={() => leave(depth)}>{name}</button> : <span aria-current="true">{name}</span>}</li>
        ))}
      </ol>
    </nav>
  );
}
