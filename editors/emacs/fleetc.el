;;; fleetc.el --- .fleet files, checked by fleetc  -*- lexical-binding: t; -*-

;; Package-Requires: ((emacs "27.1"))

;;; Commentary:

;; A mode with comments and strings, `fleetc-check' for the whole fleet as it is saved, and a checker for Flycheck that
;; checks the text of the buffer.  `M-x compile' in a buffer of this mode works as well.
;; Tested in Emacs, without and with Flycheck, by tests/conformance/editors.sh.

;;; Code:

(require 'compile)
(require 'json)
(eval-when-compile (require 'subr-x))

(defgroup fleetc nil "The fleet compiler." :group 'tools)

(defcustom fleetc-executable "fleetc"
  "The program that `fleetc-check' runs.
Flycheck has its own, `flycheck-fleetc-executable'."
  :type 'string)

(defvar fleetc-mode-syntax-table
  (let ((table (make-syntax-table)))
    (modify-syntax-entry ?# "<" table)
    (modify-syntax-entry ?\n ">" table)
    (modify-syntax-entry ?\" "\"" table)
    (modify-syntax-entry ?\\ "\\" table)
    (modify-syntax-entry ?- "_" table)
    (modify-syntax-entry ?_ "_" table)
    table))

;;;###autoload
(define-derived-mode fleetc-mode prog-mode "Fleet"
  "Mode for the files that fleetc compiles."
  (setq-local comment-start "# "
              comment-start-skip "#+[ \t]*"
              ;; fleetc counts characters. Emacs asks the buffer of the file first.
              compilation-error-screen-columns nil
              compilation-first-column 1))

;;;###autoload
(add-to-list 'auto-mode-alist '("\\.fleet\\'" . fleetc-mode))

(defvar fleetc-error-regexp
  '("^\\(.+?\\):\\([0-9]+\\):\\([0-9]+\\): \\(?:error\\|\\(warning\\)\\|\\(note\\)\\)\\[F[0-9]+\\] "
    1 2 3 (4 . 5))
  "What a problem looks like, for `compilation-error-regexp-alist'.")

(define-derived-mode fleetc-check-mode compilation-mode "Fleet check"
  "Mode for what `fleetc-check' finds."
  (setq-local compilation-error-regexp-alist (list fleetc-error-regexp)
              compilation-error-screen-columns nil
              compilation-first-column 1))

;;;###autoload
(defun fleetc-check ()
  "Check the whole fleet, as it is saved."
  (interactive)
  (save-some-buffers (not compilation-ask-about-save)
                     (lambda () (derived-mode-p 'fleetc-mode)))
  (compilation-start (concat (shell-quote-argument fleetc-executable) " check --format concise --color never")
                     #'fleetc-check-mode))

;; Flycheck is optional: nothing of it is needed to read or to compile this file.
(declare-function flycheck-error-new-at "flycheck")
(defvar flycheck-checkers)

(defun fleetc--flycheck-parse (output checker buffer)
  "The problems that CHECKER printed as OUTPUT on the text of BUFFER."
  (let (problems)
    (dolist (line (split-string output "\n" t))
      (cond
       ((string-prefix-p "{" line)
        (dolist (found (let ((json-object-type 'alist) (json-array-type 'list))
                         (alist-get 'diagnostics (json-read-from-string line))))
          (let-alist found
            (push (flycheck-error-new-at .range.start.line .range.start.column
                                         (pcase .severity ("error" 'error) ("warning" 'warning) (_ 'info))
                                         (string-join (cons .message .help) "\n")
                                         :id .code :checker checker :buffer buffer
                                         :end-line .range.end.line :end-column .range.end.column)
                  problems))))
       ;; Outside a project, and when fleetc cannot read it.
       ((string-prefix-p "error: " line)
        (push (flycheck-error-new-at 1 1 'error (substring line 7) :checker checker :buffer buffer) problems))))
    (nreverse problems)))

(with-eval-after-load 'flycheck
  ;; A macro of Flycheck's, so it is expanded only where Flycheck is.
  (eval '(flycheck-define-checker fleetc
           "Checks the text of the buffer as part of its fleet."
           :command ("fleetc" "check" "-" "--stdin-filename" source-original
                     "--format" "json" "--quiet" "--color" "never")
           :standard-input t
           :error-parser fleetc--flycheck-parse
           :predicate (lambda () buffer-file-name)
           :modes fleetc-mode)
        t)
  (add-to-list 'flycheck-checkers 'fleetc))

(provide 'fleetc)
;;; fleetc.el ends here
