/** A status badge as the server draws it: its words and icons are read from the page's own template. */
import type { ReactElement } from "react";
import { find } from "../../shared/dom";

interface Look {
  readonly word: string;
  readonly icon: string;
  readonly tone: string;
  readonly moves: string;
}

let looks: Map<string, Look> | undefined;

export function Badge({ family, status }: { readonly family: "step" | "undo" | "run"; readonly status: string }): ReactElement {
  const look = lookOf(`${family}-${status}`);
  if (!look) return <span className="status">{status}</span>;
  const moves = look.moves ? { [look.moves]: "" } : {};
  return (
    <span className="status" data-badge={`${family}-${status}`} data-tone={look.tone} {...moves}>
      <svg className="icon" aria-hidden="true"><use href={look.icon} /></svg>{look.word}
    </span>
  );
}

function lookOf(key: string): Look | undefined {
  looks ??= read(find<HTMLTemplateElement>(document, "template#badges"));
  return looks.get(key);
}

function read(template: HTMLTemplateElement | null): Map<string, Look> {
  const badges = template?.content.querySelectorAll<HTMLElement>("[data-badge]") ?? [];
  return new Map([...badges].map((badge) => [badge.dataset.badge ?? "", {
    word: badge.textContent?.trim() ?? "", icon: find(badge, "use")?.getAttribute("href") ?? "", tone: badge.dataset.tone ?? "",
    moves: ["data-spin", "data-rise"].find((name) => badge.hasAttribute(name)) ?? "",
  }]));
}
