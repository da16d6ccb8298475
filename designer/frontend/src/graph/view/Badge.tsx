/** A status badge as the server draws it, from the words and icons that both read. */
import type { ReactElement } from "react";
import { Icon } from "../../shared/icons";
import { lookOf, type Family } from "../../shared/vocabulary";

interface Props {
  readonly family: Exclude<Family, "slot">;
  readonly status: string;
}

export function Badge({ family, status }: Props): ReactElement {
  const look = lookOf(family, status);
  if (!look) return <span className="status">{status}</span>;
  const moves = look.moves ? { [look.moves]: "" } : {};
  return (
    <span className="status" data-badge={`${family}-${status}`} data-tone={look.tone} {...moves}>
      <Icon name={look.icon} />{look.word}
    </span>
  );
}
