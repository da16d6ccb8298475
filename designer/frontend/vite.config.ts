import tailwindcss from "@tailwindcss/vite";
import { resolve } from "node:path";
import { defineConfig } from "vitest/config";
import { licences } from "./build/licences.ts";
import { sourcesHash } from "./build/sources-hash.ts";

const here = import.meta.dirname;
const root = resolve(here, "../..");

export default defineConfig({
  base: "./",
  plugins: [tailwindcss(), licences(here), sourcesHash(root)],
  resolve: { alias: { "d3-color": resolve(here, "build/no-colours.ts") } },
  build: {
    outDir: resolve(root, "static/designer"),
    emptyOutDir: true,
    manifest: "manifest.json",
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: { input: { pages: resolve(here, "src/main.ts") } },
  },
  worker: { format: "es" },
  test: {
    include: ["tests/**/*.test.ts"],
    environment: "happy-dom",
    setupFiles: ["tests/seeds.ts"],
  },
});
