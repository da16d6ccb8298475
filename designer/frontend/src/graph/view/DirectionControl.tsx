/** The direction that a person chose for a canvas, and the button among its controls that turns it. */
import { ControlButton } from "@xyflow/react";
import { useState, type ReactElement } from "react";
import { Icon } from "../../shared/icons";
import { keepDirection, readDirection, type Direction } from "../layout/direction";

/** What this person chose for a workflow; null for nothing. */
export function useDirection(workflow: string): readonly [Direction | null, (direction: Direction) => void] {
  const [direction, setDirection] = useState(() => readDirection(workflow));
  return [direction, (next) => {
    setDirection(next);
    keepDirection(workflow, next);
  }];
}

interface Props {
  readonly direction: Direction;
  readonly turn: (direction: Direction) => void;
}

export function DirectionControl({ direction, turn }: Props): ReactElement {
  const other = direction === "right" ? "down" : "right";
  const title = other === "down" ? "Show from top to bottom" : "Show from left to right";
  return <ControlButton className="direction-control" title={title} aria-label={title} onClick={() => turn(other)}><Icon name={other === "down" ? "arrange-down" : "arrange"} /></ControlButton>;
}
