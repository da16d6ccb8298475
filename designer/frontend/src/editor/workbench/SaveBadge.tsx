/** Shows whether the server has stored what is on the screen. */
import { lazy, Suspense, useState, type ReactElement } from "react";
import type { SaveState } from "../draft/saving";
import { Icon } from "../../shared/icons";

const SHOWN: Readonly<Record<SaveState["is"], readonly [icon: string, tone: string, text: string]>> = {
  saved: ["check", "go", "Saved"],
  unsaved: ["pen", "quiet", "Not saved yet"],
  saving: ["spin", "quiet", "Saving…"],
  offline: ["unlink", "care", "Not connected: kept here and saved later"],
  "signed-out": ["lock", "care", "Signed out: kept here"],
  refused: ["cross", "stop", "Not saved"],
  conflict: ["alert", "stop", "Two versions"],
};

const SignIn = lazy(() => import("../dialogs/SignIn"));

export function SaveBadge({ state, login }: { readonly state: SaveState; readonly login: string }): ReactElement {
  const [icon, tone, text] = SHOWN[state.is];
  const [isAsked, ask] = useState(false);
  return (
    <span className="save-badge" role="status" data-tone={tone} data-save={state.is}>
      <Icon name={icon} /><span className="save-text">{text}</span>
      {state.is === "signed-out" && <button type="button" className="btn btn-xs" onClick={() => ask(true)}>Sign in again</button>}
      {isAsked && <Suspense fallback={null}><SignIn login={login} close={() => ask(false)} /></Suspense>}
    </span>
  );
}
