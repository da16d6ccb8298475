/** Cuts a CEL expression into tokens, as `designer.expressions.scanner` does; both are held to one contract. Pure. */

export interface Token {
  readonly kind: "space" | "string" | "number" | "name" | "sign";
  readonly text: string;
}

const KINDS = ["space", "string", "number", "name", "sign"] as const;
const LONG_TEXT = String.raw`"""(?:[^\\]|\\.)*?"""|'''(?:[^\\]|\\.)*?'''`;
const PATTERNS: Readonly<Record<Token["kind"], string>> = {
  space: String.raw`\s+|//[^\n]*`,
  string: String.raw`(?:[bB]?[rR]|[rR][bB])(?:""".*?"""|'''.*?'''|"[^"\n]*"|'[^'\n]*')|[bB]?(?:${LONG_TEXT}|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')`,
  number: String.raw`0[xX][0-9a-fA-F]+[uU]?|(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?[uU]?`,
  name: "[A-Za-z_][A-Za-z0-9_]*",
  sign: String.raw`&&|\|\||==|!=|<=|>=|[-+*/%<>!?:.,()[\]{}]`,
};
const TOKEN = new RegExp(KINDS.map((kind) => `(?<${kind}>${PATTERNS[kind]})`).join("|"), "sy");

/** All tokens, spaces and comments among them: their texts together are the source. Null where a part of it is no token. */
export function scan(source: string): readonly Token[] | null {
  const tokens: Token[] = [];
  for (TOKEN.lastIndex = 0; TOKEN.lastIndex < source.length;) {
    const groups = TOKEN.exec(source)?.groups;
    const kind = KINDS.find((name) => groups?.[name] !== undefined);
    if (!groups || !kind) return null;
    tokens.push({ kind, text: groups[kind] ?? "" });
  }
  return tokens;
}
