" :make runs `fleetc check` on the files as they are saved, and fills the quickfix list.
" Tested in Vim and Neovim by tests/conformance/editors.sh.
if exists('current_compiler')
  finish
endif
let current_compiler = 'fleetc'

if exists(':CompilerSet') != 2
  command -nargs=* CompilerSet setlocal <args>
endif
CompilerSet makeprg=fleetc\ check\ --format\ concise\ --quiet\ --color\ never\ $*
" The type takes the first letter of error, warning or note; the code stays in the text.
CompilerSet errorformat=%f:%l:%c:\ %t%*[a-z]%m
" Outside a project, and when fleetc cannot read it: what it says.
CompilerSet errorformat+=%trror:\ %m

" fleetc counts characters, the quickfix list bytes.
function! s:CountBytes(list, Set) abort
  if a:list.title !~# 'fleetc check'
    return
  endif
  let l:files = {}
  for l:item in a:list.items
    if !l:item.valid || l:item.col == 0 || l:item.bufnr == 0
      continue
    endif
    if !has_key(l:files, l:item.bufnr)
      let l:path = fnamemodify(bufname(l:item.bufnr), ':p')
      let l:files[l:item.bufnr] = filereadable(l:path) ? readfile(l:path) : []
    endif
    let l:line = get(l:files[l:item.bufnr], l:item.lnum - 1, '')
    let l:before = byteidxcomp(l:line, l:item.col - 1)
    if l:before >= 0
      let l:item.col = l:before + 1
    endif
  endfor
  call a:Set({'id': a:list.id, 'title': a:list.title, 'items': a:list.items})
endfunction

augroup fleetc
  autocmd!
  autocmd QuickFixCmdPost make call s:CountBytes(getqflist({'id': 0, 'title': 0, 'items': 0}),
        \ {list -> setqflist([], 'r', list)})
  autocmd QuickFixCmdPost lmake call s:CountBytes(getloclist(0, {'id': 0, 'title': 0, 'items': 0}),
        \ {list -> setloclist(0, [], 'r', list)})
augroup END
