/** A field that holds a fixed value or an expression. */
import type { ReactElement } from "react";
import { textOf, type Json } from "../../../graph/model/document";
import { isExpression } from "../../model/params";
import { ExpressionField } from "./ExpressionField";

interface Props {
  readonly label: string;
  readonly at: string;
  readonly value: Json | undefined;
  /** The expression to begin with. */
  readonly first: string;
  readonly put: (value: Json | undefined) => void;
  readonly hint?: string | undefined;
  readonly more?: ReactElement | false;
  readonly children: ReactElement;
}

export function Switchable({ label, at, value, first, put, hint, more, children }: Props): ReactElement {
  const isDynamic = isExpression(value);
  return (
    <div className="param">
      {isDynamic ? <ExpressionField label={`${label}, as an expression`} at={at} value={textOf(value).slice(1)} change={(text) => put(`=${text}`)} hint={hint} /> : children}
      <div className="param-actions">
        <button type="button" className="link" aria-pressed={isDynamic} onClick={() => put(isDynamic ? undefined : `=${first}`)}>
          {isDynamic ? "Use a fixed value" : "Use an expression"}<span className="sr-only"> for {label}</span>
        </button>
        {more}
      </div>
    </div>
  );
}
