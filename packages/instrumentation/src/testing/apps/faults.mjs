// Makes one function of the instrumentation throw each time it is called: VEDETTE_TEST_FAULT=inspect/inspect-value.ts#inspectValue.
import { readFileSync } from "node:fs";
import { registerHooks, stripTypeScriptTypes } from "node:module";

const [file, name] = process.env.VEDETTE_TEST_FAULT.split("#");
const target = new URL(`../../${file}`, import.meta.url).href;

registerHooks({
  load(url, context, next) {
    if (url === `${target}?real`) {
      const source = stripTypeScriptTypes(readFileSync(new URL(target), "utf8"));
      return { format: "module", source, shortCircuit: true };
    }
    if (url !== target) return next(url, context);
    const real = JSON.stringify(`${target}?real`);
    const source = `export * from ${real};
      export function ${name}() { throw new RangeError("injected into ${name}"); }`;
    return { format: "module", source, shortCircuit: true };
  },
});
