/**
 * Buttons work by scripts that are loaded after the page is painted. A click before that is kept, and made again
 * once the page's part has started, so that it is not lost on a slow connection.
 */
export async function keepClicks(root: Document, start: () => void | Promise<void>): Promise<void> {
  const clicked: HTMLElement[] = [];
  const keep = ({ target }: Event): void => {
    const button = target instanceof Element ? target.closest<HTMLElement>("[data-page] button[type=button]") : null;
    if (button) clicked.push(button);
  };
  root.addEventListener("click", keep, { capture: true });
  try {
    await start();
  } finally {
    root.removeEventListener("click", keep, { capture: true });
  }
  for (const button of clicked) if (button.isConnected) button.click();
}
