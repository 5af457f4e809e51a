" Tested in Vim and Neovim by tests/conformance/editors.sh.
autocmd BufRead,BufNewFile *.fleet setfiletype fleet
