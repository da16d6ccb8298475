// @vitest-environment node
/** The committed bundle is, byte for byte, what these sources build. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "vite";
import { expect, it, vi } from "vitest";

const FRONTEND = join(import.meta.dirname, "..");
const COMMITTED = join(FRONTEND, "../../static/designer");
const BUILD_MS_MAX = 60_000;

const files = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length))
    .sort();

it("equals a fresh build", { timeout: BUILD_MS_MAX }, async () => {
  vi.stubEnv("NODE_ENV", "production");
  const folder = mkdtempSync(join(tmpdir(), "bundle-"));
  try {
    await build({ root: FRONTEND, logLevel: "silent", mode: "production", build: { outDir: folder, emptyOutDir: true } });
    expect(files(folder)).toEqual(files(COMMITTED));
    for (const file of files(folder)) {
      expect(readFileSync(join(folder, file)).equals(readFileSync(join(COMMITTED, file))), file).toBe(true);
    }
  } finally {
    rmSync(folder, { recursive: true });
    vi.unstubAllEnvs();
  }
});
