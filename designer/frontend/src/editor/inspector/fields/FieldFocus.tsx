/** Moves the focus into the wanted field once its form is drawn. */
import { useContext, useEffect, useRef, type ReactElement } from "react";
import { nearest, tabOf, type Tab } from "../../model/fields";
import { WantedFieldContext } from "../../controls/wantedField";

const CONTROLS = ".cm-content, input, textarea, select, button";

/** `tab`: the open tab of a step's form; other forms have none. */
export function FieldFocus({ tab }: { readonly tab?: Tab }): ReactElement {
  const place = useRef<HTMLSpanElement>(null);
  const { wanted, reached } = useContext(WantedFieldContext);
  useEffect(() => {
    const form = place.current?.closest<HTMLElement>(".inspector");
    if (!wanted || !form || (tab && tabOf(wanted.field) !== tab)) return;
    const fields = [...form.querySelectorAll<HTMLElement>("[data-field]")];
    const name = nearest(fields.map(({ dataset }) => dataset.field ?? ""), wanted.field);
    const field = fields.find(({ dataset }) => dataset.field === name) ?? form.querySelector<HTMLElement>(".field");
    (field?.querySelector<HTMLElement>(CONTROLS) ?? field)?.focus();
    field?.scrollIntoView({ block: "center" });
    reached();
  }, [wanted, tab, reached]);
  return <span ref={place} hidden />;
}
