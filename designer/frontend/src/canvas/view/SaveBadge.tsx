/** Whether the server has what is on the screen. */
import type { ReactElement } from "react";
import type { SaveState } from "../model/saving";
import { Icon } from "./icons";

const SHOWN: Readonly<Record<SaveState["is"], readonly [icon: string, tone: string, text: string]>> = {
  saved: ["check", "go", "Saved"],
  unsaved: ["pen", "quiet", "Not saved yet"],
  saving: ["spin", "quiet", "Saving…"],
  offline: ["unlink", "care", "Not connected: kept here and saved later"],
  "signed-out": ["lock", "care", "Signed out: kept here"],
  refused: ["cross", "stop", "Not saved"],
  conflict: ["alert", "stop", "Two versions"],
};

export function SaveBadge({ state, login }: { readonly state: SaveState; readonly login: string }): ReactElement {
  const [icon, tone, text] = SHOWN[state.is];
  return (
    <span className="save-badge" role="status" data-tone={tone} data-save={state.is}>
      <Icon name={icon} /><span>{text}{state.is === "refused" && `: ${state.message}`}</span>
      {state.is === "signed-out" && <a href={login} target="_blank" rel="noreferrer">Sign in again</a>}
    </span>
  );
}
