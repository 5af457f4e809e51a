" Description: fleetc for ALE, on the text of the buffer.
" Tested in Vim by tests/conformance/editors.sh.

call ale#Set('fleet_fleetc_executable', 'fleetc')

function! ale_linters#fleet#fleetc#Handle(buffer, lines) abort
    let l:problems = []

    for l:line in a:lines
        if l:line =~# '^{'
            for l:found in json_decode(l:line).diagnostics
                let l:start = l:found.range.start
                let l:end = l:found.range.end

                " ALE's last column is part of the problem.
                call add(l:problems, {
                \   'lnum': l:start.line,
                \   'col': l:start.byte,
                \   'end_lnum': l:end.line,
                \   'end_col': max([1, l:end.byte - 1]),
                \   'type': {'error': 'E', 'warning': 'W', 'note': 'I'}[l:found.severity],
                \   'code': l:found.code,
                \   'text': l:found.message,
                \   'detail': join([l:found.message] + l:found.help + l:found.notes, "\n"),
                \})
            endfor
        elseif l:line =~# '^error: '
            " Outside a project, and when fleetc cannot read it.
            call add(l:problems, {'lnum': 1, 'type': 'E', 'text': l:line[7 :]})
        endif
    endfor

    return l:problems
endfunction

call ale#linter#Define('fleet', {
\   'name': 'fleetc',
\   'executable': {buffer -> ale#Var(buffer, 'fleet_fleetc_executable')},
\   'command': '%e check - --stdin-filename %s --format json --quiet --color never',
\   'output_stream': 'both',
\   'callback': 'ale_linters#fleet#fleetc#Handle',
\})
