/** The next times of a schedule, while it is typed: `[data-schedule-preview]` of its form. */
import { csrfToken, element, find } from "../shared/dom";
import { readJson, writeJson } from "../shared/json";

const PAUSE_MS = 300;
const PREVIEW = "/api/v1/schedules/preview";
const FIELDS = ["cron", "every", "at", "zone"] as const;

interface Preview {
  times?: string[];
  words?: string;
  problems?: { path: string; message: string }[];
}

export function previewSchedules(root: ParentNode): void {
  root.querySelectorAll<HTMLElement>("[data-schedule-preview]").forEach((place) => {
    const form = place.closest("form");
    if (!form) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let asked = 0;
    const look = async (): Promise<void> => {
      const turn = ++asked;
      const preview = await ask(form);
      if (turn === asked) draw(place, preview, zoneOf(form));
    };
    form.addEventListener("input", ({ target }) => {
      if (!FIELDS.some((name) => name === (target as HTMLInputElement).name)) return;
      clearTimeout(timer);
      timer = setTimeout(() => void look(), PAUSE_MS);
    });
    if (FIELDS.slice(0, 3).some((name) => valueOf(form, name))) void look();
  });
}

function valueOf(form: HTMLFormElement, name: string): string {
  return find<HTMLInputElement>(form, `[name=${name}]`)?.value.trim() ?? "";
}

function zoneOf(form: HTMLFormElement): string {
  return valueOf(form, "zone") || "UTC";
}

async function ask(form: HTMLFormElement): Promise<Preview | null> {
  const [cron, every, at] = FIELDS.map((name) => valueOf(form, name));
  if (!cron && !every && !at) return null;
  const body = { cron, every: every ? Number(every) : null, local_at: at ?? "", zone: zoneOf(form) };
  try {
    const answer = await fetch(PREVIEW, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRFToken": csrfToken() },
      body: writeJson(body),
    });
    return readJson(await answer.text()) as unknown as Preview;
  } catch {
    return null; // the server says what is wrong when the form is sent
  }
}

function draw(place: HTMLElement, preview: Preview | null, zone: string): void {
  place.hidden = preview === null;
  if (preview === null) return;
  if (!preview.times) {
    const [problem] = preview.problems ?? [];
    place.replaceChildren(element("p", "muted text-sm", problem?.message ?? "This is no schedule yet."));
    return;
  }
  const times = preview.times.map((time) => element("li", "", inZone(time, zone)));
  const words = `${preview.words ?? ""}, in ${zone}. ${times.length ? "Its next times:" : "It never comes any more."}`;
  place.replaceChildren(element("p", "text-sm", words), element("ol", "text-sm trigger-next", ...times));
}

function inZone(time: string, zone: string): string {
  const style: Intl.DateTimeFormatOptions = { weekday: "short", year: "numeric", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23", timeZoneName: "short" };
  return new Intl.DateTimeFormat(undefined, { ...style, timeZone: zone }).format(new Date(time));
}
