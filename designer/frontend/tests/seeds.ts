/** Random tests explore anew at each run, but where `CI` is set: there one commit has one result. */
import fc from "fast-check";

if (process.env.CI) fc.configureGlobal({ seed: 20_260 });
