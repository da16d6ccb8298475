/** `<details class="popover">`: a click elsewhere closes it, and so does Escape, which gives the focus back. */

export function closePopovers(root: Document): void {
  const opened = (): HTMLDetailsElement[] => [...root.querySelectorAll<HTMLDetailsElement>("details.popover[open]")];
  root.addEventListener("click", ({ target }) => {
    for (const popover of opened()) if (target instanceof Node && !popover.contains(target)) popover.open = false;
  });
  root.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const popover of opened()) {
      popover.open = false;
      popover.querySelector("summary")?.focus();
    }
  });
}
