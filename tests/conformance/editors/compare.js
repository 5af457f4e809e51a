// compare.js UNIT ENDS RESULT EXPECTED…: whether an editor found what is expected, where it is expected.
//
// A line of EXPECTED is `file, line, wrong text, severity, code, message`, with tabs between. The column is counted here,
// from the text itself, in UNIT: `byte`, `point` (a code point), `utf16`. A line of RESULT is an object of the same with
// `column` and, with ENDS `end`, the place behind the wrong text. The text of the file $FILE is $TEXT.
const fs = require("fs");
const [unit, ends, resultPath, ...expectedPaths] = process.argv.slice(2);

const measure = {
  byte: (text) => Buffer.byteLength(text),
  point: (text) => [...text].length,
  utf16: (text) => text.length,
}[unit];

const lines = (path) => fs.readFileSync(path, "utf8").split("\n").filter((line) => line !== "");

function expectation(row) {
  const [file, line, wrong, severity, code, message] = row.split("\t");
  const text = fs.readFileSync(file === process.env.FILE ? process.env.TEXT : file, "utf8").split("\n")[line - 1];
  const parts = text.split(wrong);
  if (parts.length !== 2) throw new Error(`${file}:${line}: \`${wrong}\` is there ${parts.length - 1} times`);
  const column = measure(parts[0]) + 1;
  const end = ends === "end" ? { endLine: Number(line), endColumn: column + measure(wrong) } : {};
  return { file: fs.realpathSync(file), line: Number(line), column, ...end, severity, code, message };
}

const keys = ["file", "line", "column", ...(ends === "end" ? ["endLine", "endColumn"] : []), "severity", "code", "message"];
const show = (problem) => JSON.stringify(keys.map((key) => problem[key]));
const expected = expectedPaths.flatMap(lines).map(expectation).map(show);
const found = lines(resultPath)
  .map((line) => JSON.parse(line))
  .map((problem) => show({ ...problem, file: fs.realpathSync(problem.file) }));

const missing = expected.filter((problem) => !found.includes(problem));
const surplus = found.filter((problem, index) => !expected.includes(problem) || found.indexOf(problem) !== index);
for (const problem of missing) console.log(`  not found:    ${problem}`);
for (const problem of surplus) console.log(`  not expected: ${problem}`);
process.exit(expected.length === 0 || missing.length + surplus.length > 0 ? 1 : 0);
