" Writes $TEXT into fleets/web.fleet with :make, as 'autowrite' does, and where each entry of the list jumps to $RESULT.
" $WAY is `make` or `lmake`.
set nocompatible encoding=utf-8 autowrite shortmess+=A noswapfile
let &runtimepath = $EDITORS . '/vim,' . &runtimepath
filetype plugin on
try
  execute 'edit' fnameescape($FILE)
  if &filetype !=# 'fleet' || &commentstring !=# '# %s'
    throw 'filetype ' . &filetype . ', commentstring ' . &commentstring
  endif
  silent %delete _
  call setline(1, readfile($TEXT))
  execute 'silent' $WAY
  let s:list = $WAY ==# 'make' ? getqflist() : getloclist(0)
  let s:found = []
  for s:number in range(1, len(s:list))
    let s:item = s:list[s:number - 1]
    if !s:item.valid
      continue
    endif
    if s:item.bufnr > 0
      execute 'silent' ($WAY ==# 'make' ? 'cc' : 'll') s:number
    endif
    let s:text = matchlist(s:item.text, '^\[\(F\d\+\)\] \(.*\)$')
    call add(s:found, json_encode({'file': expand('%:p'), 'line': line('.'), 'column': col('.'),
          \ 'severity': get({'e': 'error', 'w': 'warning', 'n': 'note'}, s:item.type, ''),
          \ 'code': get(s:text, 1, ''), 'message': get(s:text, 2, s:item.text)}))
  endfor
  call writefile(s:found, $RESULT)
catch
  call writefile([v:exception, v:throwpoint], '/dev/stderr')
  cquit
endtry
quitall!
