/** The dialog for signing in again when the session has ended; unsaved edits are kept. */
import { useId, useState, type ReactElement, type SubmitEvent } from "react";
import { Dialog } from "../controls/Dialog";
import { signIn } from "./signIn";

interface Props {
  readonly login: string;
  readonly close: () => void;
}

export default function SignIn({ login, close }: Props): ReactElement {
  const id = useId();
  const [refusal, setRefusal] = useState("");
  const [isBusy, setBusy] = useState(false);
  const send = async (event: SubmitEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const given = new FormData(event.currentTarget);
    setBusy(true);
    const refused = await signIn(login, textIn(given, "username"), textIn(given, "password"));
    setBusy(false);
    if (refused === null) close();
    else setRefusal(refused);
  };
  return (
    <Dialog title="Sign in again" close={close}>
      <p>Your session has ended. What you edited is kept here, and is saved as soon as you are signed in.</p>
      <form className="sign-in" onSubmit={(event) => void send(event)}>
        <div className="field"><label htmlFor={`${id}-name`}>Name</label><input id={`${id}-name`} className="input" name="username" autoComplete="username" autoCapitalize="none" required /></div>
        <div className="field"><label htmlFor={`${id}-password`}>Password</label><input id={`${id}-password`} className="input" name="password" type="password" autoComplete="current-password" required /></div>
        {refusal && <p className="field-error" role="alert">{refusal}</p>}
        <div className="actions">
          <a className="btn" href={login} target="_blank" rel="noreferrer">In another tab</a>
          <button type="button" className="btn" onClick={close}>Later</button>
          <button type="submit" className="btn btn-primary" disabled={isBusy}>{isBusy ? "Signing in…" : "Sign in"}</button>
        </div>
      </form>
    </Dialog>
  );
}

function textIn(form: FormData, name: string): string {
  const value = form.get(name);
  return typeof value === "string" ? value : "";
}
