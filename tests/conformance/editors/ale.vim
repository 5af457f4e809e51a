" Writes what ALE finds in fleets/web.fleet with the text of $TEXT, which is not saved, to $RESULT.
set nocompatible encoding=utf-8 noswapfile
let &runtimepath = $EDITORS . '/vim,' . $ALE . ',' . &runtimepath
let g:ale_linters_explicit = 0
let g:ale_lint_on_enter = 0
filetype plugin on
execute 'source' fnameescape($ALE . '/plugin/ale.vim')
try
  execute 'edit' fnameescape($FILE)
  silent %delete _
  call setline(1, readfile($TEXT))
  ALELint
  let s:tries = 0
  while s:tries < 400 && empty(get(get(g:ale_buffer_info, bufnr('%'), {}), 'loclist', []))
    sleep 50m
    let s:tries += 1
  endwhile
  let s:found = []
  for s:item in ale#engine#GetLoclist(bufnr('%'))
    " ALE's last column is part of the problem.
    call add(s:found, json_encode({'file': expand('#' . s:item.bufnr . ':p'),
          \ 'line': s:item.lnum, 'column': s:item.col,
          \ 'endLine': get(s:item, 'end_lnum'), 'endColumn': get(s:item, 'end_col') + 1,
          \ 'severity': {'E': 'error', 'W': 'warning', 'I': 'note'}[s:item.type],
          \ 'code': get(s:item, 'code', ''), 'message': s:item.text}))
  endfor
  call writefile(s:found, $RESULT)
catch
  call writefile([v:exception, v:throwpoint], '/dev/stderr')
  cquit
endtry
quitall!
