-- fleetc in Neovim without a plugin: require("fleetc").setup()
-- Checks the text of the buffer when it is opened, when typing pauses and when it is saved.
-- Tested in Neovim by tests/conformance/editors.sh.
local linter = require("lint.linters.fleetc")
local namespace = vim.api.nvim_create_namespace("fleetc")
local M = {}

local function command()
  local words = { linter.cmd }
  for _, word in ipairs(linter.args) do
    table.insert(words, type(word) == "function" and word() or word)
  end
  return words
end

-- Checks the current buffer.
function M.check()
  local buffer = vim.api.nvim_get_current_buf()
  if vim.api.nvim_buf_get_name(buffer) == "" or vim.fn.executable(linter.cmd) == 0 then
    return
  end
  local tick = vim.api.nvim_buf_get_changedtick(buffer)
  local output = {}
  local function collect(_, lines)
    table.insert(output, table.concat(lines, "\n"))
  end
  local job = vim.fn.jobstart(command(), {
    stdout_buffered = true,
    stderr_buffered = true,
    on_stdout = collect,
    on_stderr = collect,
    on_exit = function()
      -- What was found in a text that has changed since is found anew by the check of that change.
      if vim.api.nvim_buf_is_valid(buffer) and vim.api.nvim_buf_get_changedtick(buffer) == tick then
        vim.diagnostic.set(namespace, buffer, linter.parser(table.concat(output, "\n")))
      end
    end,
  })
  local lines = vim.api.nvim_buf_get_lines(buffer, 0, -1, true)
  vim.fn.chansend(job, table.concat(lines, "\n") .. "\n")
  vim.fn.chanclose(job, "stdin")
end

function M.setup()
  local group = vim.api.nvim_create_augroup("fleetc_diagnostics", {})
  local pause = (vim.uv or vim.loop).new_timer()
  local function later()
    pause:start(200, 0, vim.schedule_wrap(function()
      if vim.bo.filetype == "fleet" then
        M.check()
      end
    end))
  end
  vim.api.nvim_create_autocmd({ "BufEnter", "BufWritePost", "TextChanged", "TextChangedI" }, {
    group = group,
    pattern = "*.fleet",
    callback = later,
  })
end

return M
