/** The page's own icons. They are decorative: the word beside an icon carries the meaning. */
import type { ReactElement } from "react";

export function Icon({ name }: { readonly name: string }): ReactElement {
  return <svg className="icon" aria-hidden="true"><use href={`#i-${name}`} /></svg>;
}
