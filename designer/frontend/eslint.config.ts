/** Rules for everything that is written in TypeScript here: types, imports between rooms, and sizes. */
import { createNodeResolver, importX } from "eslint-plugin-import-x";
import reactHooks from "eslint-plugin-react-hooks";
import { defineConfig, globalIgnores } from "eslint/config";
import tseslint from "typescript-eslint";
import { ROOMS } from "./rooms.ts";

const FILE_LINES_MAX = 400;
const FUNCTION_LINES_MAX = 40;

/** For each room the rooms that it may not import. */
const zones = [...ROOMS].map(([room, allowed]) => ({
  target: modulesOf(room),
  from: [...ROOMS.keys()].filter((other) => other !== room && !allowed.includes(other)).flatMap(modulesOf),
  message: `\`${room}\` may not import this: see rooms.ts.`,
})).filter(({ from }) => from.length > 0);

/** Modules that lie in a room itself; the rooms inside it have rules of their own. */
function modulesOf(room: string): string[] {
  return [`src/${room}/*.ts`, `src/${room}/*.tsx`];
}

export default defineConfig(
  globalIgnores(["node_modules"]),
  {
    files: ["**/*.{ts,tsx}"],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    plugins: { "import-x": importX, "react-hooks": { rules: reactHooks.rules } },
    settings: { "import-x/resolver-next": [createNodeResolver({ extensions: [".ts", ".tsx", ".js"] })], "import-x/extensions": [".ts", ".tsx"] },
    rules: {
      "import-x/no-cycle": "error",
      "import-x/no-restricted-paths": ["error", { basePath: import.meta.dirname, zones }],
      "max-lines": ["error", FILE_LINES_MAX],
      "max-lines-per-function": ["error", FUNCTION_LINES_MAX],
      "react-hooks/rules-of-hooks": "error",
      "react-hooks/exhaustive-deps": "error",
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true, ignoreVoidOperator: true, ignoreVoidReturningFunctions: true }],
      "@typescript-eslint/no-unnecessary-condition": ["error", { allowConstantLoopConditions: true }],
      // The caller states the type of what JSON holds and what a selector finds.
      "@typescript-eslint/no-unnecessary-type-parameters": "off",
      "@typescript-eslint/no-unused-vars": ["error", { args: "after-used", argsIgnorePattern: "^_", varsIgnorePattern: "^_", ignoreRestSiblings: true }],
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
    },
  },
  {
    files: ["src/**"],
    ignores: ["src/shared/json.ts"],
    rules: {
      "no-restricted-syntax": ["error",
        { selector: "MemberExpression[object.name='JSON'], CallExpression[callee.property.name='json']", message: "JSON's own functions change numbers: use those of shared/json.ts." },
        { selector: "BinaryExpression[left.operator='typeof'][right.value='object']", message: "A LosslessNumber is an object too: use isObject of shared/json.ts." },
      ],
    },
  },
  {
    files: ["tests/**"],
    rules: {
      // A `describe` holds all cases of its subject, and a value that is missing fails the test anyway.
      "max-lines-per-function": "off",
      "@typescript-eslint/no-non-null-assertion": "off",
    },
  },
);
