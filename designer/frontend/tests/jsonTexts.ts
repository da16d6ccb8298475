/** Random JSON texts for property tests, in the form in which `writeJson` writes them, with numbers of every sort. */
import fc from "fast-check";

const digits = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String);
const sign = fc.constantFrom("", "-");

const whole = fc.tuple(sign, digits).map(([minus, text]) => minus + text);
const fraction = fc.tuple(sign, digits, fc.stringMatching(/^\d{1,20}$/)).map(([minus, text, after]) => `${minus}${text}.${after}`);
const scientific = fc.tuple(fc.oneof(whole, fraction), fc.constantFrom("e", "E"), fc.integer({ min: -320, max: 308 })).map(([text, mark, power]) => `${text}${mark}${power}`);

/** Whole numbers of up to 64 bits, fractions with any number of places, and powers of ten. */
export const numberText = fc.oneof(whole, fraction, scientific, fc.constantFrom("-0.0", "2.0", "1e22", "9007199254740993"));

const scalar = fc.oneof(numberText, fc.string({ unit: "grapheme" }).map((text) => JSON.stringify(text)), fc.constantFrom("true", "false", "null"));
const key = fc.oneof(fc.string(), fc.constantFrom("__proto__", "constructor", "toString", "hasOwnProperty"));

/** Objects whose keys stand in the order in which JavaScript keeps them. */
const objectOf = (member: fc.Arbitrary<string>): fc.Arbitrary<string> => fc.uniqueArray(fc.tuple(key, member), { selector: ([name]) => name, maxLength: 5 })
  .map((members) => {
    const order = Object.keys(Object.fromEntries(members.map(([name]) => [name, null])));
    const byName = new Map(members);
    return `{${order.map((name) => `${JSON.stringify(name)}:${byName.get(name) ?? "null"}`).join(",")}}`;
  });

export const { anyJsonText, objectText } = fc.letrec<{ anyJsonText: string; objectText: string }>((tie) => ({
  anyJsonText: fc.oneof({ depthSize: "small", withCrossShrink: true }, scalar, fc.array(tie("anyJsonText"), { maxLength: 5 }).map((parts) => `[${parts.join(",")}]`), tie("objectText")),
  objectText: objectOf(tie("anyJsonText")),
}));
