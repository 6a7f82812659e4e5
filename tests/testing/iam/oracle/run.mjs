// Answers one request a line: {"simulation": …} in, {"result": …} or {"error": …} out.
// Usage: node run.mjs <folder whose node_modules holds @cloud-copilot/iam-simulate>
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { createInterface } from "node:readline";

const require = createRequire(resolve(process.argv[2], "package.json"));
const { runSimulation } = require("@cloud-copilot/iam-simulate");

async function answer({ simulation }) {
  try {
    const found = await runSimulation(simulation, {});
    if (found.resultType !== "single" && found.resultType !== "wildcard") {
      return { error: JSON.stringify(found.errors) };
    }
    const result = found.result ?? found.results[0];
    return { result: found.overallResult, ignored: result?.ignoredContextKeys ?? [] };
  } catch (error) {
    return { error: String(error) };
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(JSON.stringify(await answer(JSON.parse(line))) + "\n");
}
