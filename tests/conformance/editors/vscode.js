// vscode.js TASKS: the words of the command of TASKS, one a line.
// vscode.js TASKS OUTPUT: what its matcher finds in the lines of OUTPUT, one object a line.
const fs = require("fs");
const [tasksPath, outputPath] = process.argv.slice(2);

// VS Code allows comments; ours have lines of their own.
const [task] = JSON.parse(fs.readFileSync(tasksPath, "utf8").replace(/^\s*\/\/.*$/gm, "")).tasks;
const { fileLocation, pattern } = task.problemMatcher;
if (task.options.cwd !== "${workspaceFolder}" || fileLocation.join() !== "relative,${workspaceFolder}") {
  throw new Error("fleetc does not start where the paths begin");
}

if (outputPath === undefined) {
  console.log([task.command, ...task.args].join("\n"));
} else {
  const regexp = new RegExp(pattern.regexp);
  for (const line of fs.readFileSync(outputPath, "utf8").split("\n")) {
    const match = regexp.exec(line);
    if (match === null) continue;
    const found = {};
    for (const part of ["file", "line", "column", "severity", "code", "message"]) found[part] = match[pattern[part]];
    console.log(JSON.stringify({ ...found, line: Number(found.line), column: Number(found.column) }));
  }
}
