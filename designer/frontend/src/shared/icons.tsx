/** The page's own icons. Decorative: the word beside it is what counts. */
import type { ReactElement } from "react";

export function Icon({ name }: { readonly name: string }): ReactElement {
  return <svg className="icon" aria-hidden="true"><use href={`#i-${name}`} /></svg>;
}
