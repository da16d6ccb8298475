/** The name of a connection or a secret: one that there is, or a new one, made in another tab. */
import { useContext, type ReactElement } from "react";
import { ChoiceField } from "../../controls/fields";
import { NamesContext } from "../../draft/useNames";
import { makingPage, makingWords, nameOptions, type Named } from "../../model/names";

interface Props {
  readonly label: string;
  readonly at: string;
  readonly hint: string;
  readonly named: Named;
  readonly value: string;
  readonly change: (value: string) => void;
}

export function ServiceField({ named, value, ...field }: Props): ReactElement {
  const { names, leave } = useContext(NamesContext);
  return <>
    <ChoiceField {...field} value={value} options={nameOptions(names, named, value)} />
    <div className="param-actions"><a className="link" href={makingPage(named)} target="_blank" rel="noopener" onClick={leave}>{makingWords(named)}</a></div>
  </>;
}
