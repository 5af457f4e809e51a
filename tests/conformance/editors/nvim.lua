-- Finds what is wrong in fleets/web.fleet with the text of $TEXT, which is not saved, and writes it to $RESULT.
-- $WAY is `lint`, by nvim-lint's contract, or `plain`, with lua/fleetc.lua.
local function run()
  vim.cmd("edit " .. vim.fn.fnameescape(vim.env.FILE))
  assert(vim.bo.filetype == "fleet", "filetype " .. vim.bo.filetype)
  assert(vim.bo.commentstring == "# %s", "commentstring " .. vim.bo.commentstring)
  local buffer = vim.api.nvim_get_current_buf()
  local namespace = vim.api.nvim_create_namespace("test")

  if vim.env.WAY == "lint" then
    vim.api.nvim_buf_set_lines(buffer, 0, -1, true, vim.fn.readfile(vim.env.TEXT))
    local linter = require("lint.linters.fleetc")
    assert(linter.stdin, "the text is not given on stdin")
    local words = { linter.cmd }
    for _, word in ipairs(linter.args) do
      table.insert(words, type(word) == "function" and word() or word)
    end
    local streams = { stdout = "", stderr = "" }
    local function collect(_, lines, stream)
      streams[stream] = table.concat(lines, "\n")
    end
    local code
    local job = vim.fn.jobstart(words, {
      stdout_buffered = true,
      stderr_buffered = true,
      on_stdout = collect,
      on_stderr = collect,
      on_exit = function(_, status)
        code = status
      end,
    })
    for _, line in ipairs(vim.api.nvim_buf_get_lines(buffer, 0, -1, true)) do
      vim.fn.chansend(job, line .. "\n")
    end
    vim.fn.chanclose(job, "stdin")
    vim.wait(20000, function()
      return code ~= nil
    end)
    assert(code == 0 or linter.ignore_exitcode, "exit " .. tostring(code))
    local output = linter.stream == "both" and streams.stdout .. streams.stderr or streams[linter.stream or "stdout"]
    vim.diagnostic.set(namespace, buffer, linter.parser(output, buffer, vim.fn.getcwd()))
  else
    require("fleetc").setup()
    vim.api.nvim_buf_set_lines(buffer, 0, -1, true, vim.fn.readfile(vim.env.TEXT))
    -- What typing does; no key is pressed here.
    vim.cmd("doautocmd TextChanged")
    vim.wait(20000, function()
      return #vim.diagnostic.get(buffer) > 0
    end)
  end

  local severities = { "error", "warning", "note" }
  local found = {}
  for _, problem in ipairs(vim.diagnostic.get(buffer)) do
    assert(problem.source == "fleetc", "source")
    table.insert(found, vim.json.encode({
      file = vim.api.nvim_buf_get_name(problem.bufnr),
      line = problem.lnum + 1,
      column = problem.col + 1,
      endLine = problem.end_lnum + 1,
      endColumn = problem.end_col + 1,
      severity = severities[problem.severity],
      code = problem.code,
      message = problem.message,
    }))
  end
  vim.fn.writefile(found, vim.env.RESULT)
end

local fine, problem = pcall(run)
if not fine then
  io.stderr:write(tostring(problem) .. "\n")
  vim.cmd("cquit")
end
vim.cmd("quitall!")
