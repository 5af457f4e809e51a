// outside.js RESULT: whether an editor says on the first line that there is no fleet, and nothing else.
const fs = require("fs");
const text = fs.readFileSync(process.argv[2], "utf8").trim();
const [problem, ...others] = text.split("\n").map((line) => JSON.parse(line));
const said = /^no `\.fleet` file in .* declares a fleet$/.test(problem.message);
if (!said || problem.line !== 1 || problem.severity !== "error" || others.length > 0) {
  console.log(`  found: ${text}`);
  process.exit(1);
}
