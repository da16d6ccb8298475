/** Signs in without leaving the page, by sending the form of the sign-in page. */

/** Null on success, else the reason for the refusal. */
export async function signIn(login: string, name: string, password: string): Promise<string | null> {
  try {
    const token = await freshToken(login);
    const body = new URLSearchParams({ username: name, password, csrfmiddlewaretoken: token, next: login });
    const response = await fetch(login, { method: "POST", body, redirect: "manual" });
    if (response.type === "opaqueredirect") return null;
    return messageIn(await response.text()) ?? "The sign-in was refused. Use the sign-in page.";
  } catch {
    return "The server cannot be reached. Try again when the connection is back.";
  }
}

async function freshToken(login: string): Promise<string> {
  const page = parse(await (await fetch(login)).text());
  return page.querySelector<HTMLInputElement>("[name=csrfmiddlewaretoken]")?.value ?? "";
}

function messageIn(html: string): string | null {
  const page = parse(html);
  const message = (page.querySelector("[role=alert]") ?? page.querySelector("main p"))?.textContent.trim();
  return message === "" ? null : message ?? null;
}

function parse(html: string): Document {
  return new DOMParser().parseFromString(html, "text/html");
}
