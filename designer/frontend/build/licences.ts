/** The licences of what the bundle contains, in one text beside it. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Plugin } from "vite";

interface Package {
  name: string;
  version: string;
  license: string;
  dependencies?: Record<string, string>;
}

export function licences(frontend: string): Plugin {
  return {
    name: "licences",
    apply: "build",
    generateBundle() {
      const notices = bundled(frontend).map((name) => notice(frontend, name));
      this.emitFile({ type: "asset", fileName: "LICENCES.txt", source: notices.join("\n\n") });
    },
  };
}

/** The packages that the front end depends on, and theirs. */
function bundled(frontend: string): string[] {
  const found = new Set<string>();
  const todo = Object.keys(read(frontend).dependencies ?? {});
  for (let name = todo.pop(); name; name = todo.pop()) {
    if (found.has(name)) continue;
    found.add(name);
    todo.push(...Object.keys(read(join(frontend, "node_modules", name)).dependencies ?? {}));
  }
  return [...found].sort();
}

function notice(frontend: string, name: string): string {
  const folder = join(frontend, "node_modules", name);
  const { version, license } = read(folder);
  const file = readdirSync(folder).find((entry) => /^licen[cs]e(\.\w+)?$/i.test(entry));
  const text = file ? readFileSync(join(folder, file), "utf8").trim() : "";
  return `${name} ${version} (${license})\n\n${text}\n`;
}

function read(folder: string): Package {
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Package;
}
