-- fleetc for nvim-lint, on the text of the buffer.
-- Tested in Neovim, by nvim-lint's contract, by tests/conformance/editors.sh.
local severities = {
  error = vim.diagnostic.severity.ERROR,
  warning = vim.diagnostic.severity.WARN,
  note = vim.diagnostic.severity.INFO,
}

local function parse(output)
  local problems = {}
  for line in output:gmatch("[^\r\n]+") do
    if line:sub(1, 1) == "{" then
      for _, found in ipairs(vim.json.decode(line).diagnostics) do
        local first, last = found.range.start, found.range["end"]
        table.insert(problems, {
          lnum = first.line - 1,
          col = first.byte - 1,
          end_lnum = last.line - 1,
          end_col = last.byte - 1,
          severity = severities[found.severity],
          message = found.message,
          source = "fleetc",
          code = found.code,
          user_data = { help = found.help, notes = found.notes },
        })
      end
    elseif line:find("^error: ") then
      -- Outside a project, and when fleetc cannot read it.
      table.insert(problems, {
        lnum = 0,
        col = 0,
        severity = severities.error,
        message = line:gsub("^error: ", ""),
        source = "fleetc",
      })
    end
  end
  return problems
end

return {
  cmd = "fleetc",
  stdin = true,
  args = {
    "check",
    "-",
    "--stdin-filename",
    function()
      return vim.api.nvim_buf_get_name(0)
    end,
    "--format",
    "json",
    "--quiet",
    "--color",
    "never",
  },
  stream = "both",
  ignore_exitcode = true,
  parser = parse,
}
