" Comments, words, and :make for .fleet files.
" Tested in Vim and Neovim by tests/conformance/editors.sh.
if exists('b:did_ftplugin')
  finish
endif
let b:did_ftplugin = 1
let b:undo_ftplugin = 'setlocal comments< commentstring< iskeyword< makeprg< errorformat<'

setlocal comments=:#
setlocal commentstring=#\ %s
setlocal iskeyword+=-
compiler fleetc
