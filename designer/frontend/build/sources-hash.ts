/**
 * A hash of everything the bundle is made from, written beside it, so that a Python test
 * notices a stale bundle without Node. `designer/bundle.py` computes the same hash.
 */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import type { Plugin } from "vite";

const FOLDERS = ["designer/frontend/build", "designer/frontend/src", "templates"];
const FILES = [
  "designer/frontend/package-lock.json",
  "designer/frontend/package.json",
  "designer/frontend/tsconfig.json",
  "designer/frontend/vite.config.ts",
];

export function sourcesHash(root: string): Plugin {
  return {
    name: "sources-hash",
    apply: "build",
    generateBundle() {
      this.emitFile({ type: "asset", fileName: "sources.sha256", source: `${hashOf(root)}\n` });
    },
  };
}

function hashOf(root: string): string {
  const hash = createHash("sha256");
  for (const path of [...FILES, ...FOLDERS.flatMap((folder) => filesIn(root, folder))].sort()) {
    hash.update(`${path} ${createHash("sha256").update(readFileSync(join(root, path))).digest("hex")}\n`);
  }
  return hash.digest("hex");
}

function filesIn(root: string, folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join("/"));
}
