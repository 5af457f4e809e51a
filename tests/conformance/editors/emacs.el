;;; emacs.el --- drives fleetc.el  -*- lexical-binding: t; -*-
;; Puts the text of $TEXT into fleets/web.fleet and writes what is found to $RESULT: with WAY `check' by `fleetc-check',
;; `compile' by `compile', which both save, or `flycheck', which does not.
(require 'json)
(require 'subr-x)
(set-language-environment "UTF-8")
;; Without the threshold, notes are passed over.
(setq compilation-skip-threshold 0 create-lockfiles nil make-backup-files nil compilation-ask-about-save nil enable-local-variables nil)

(defvar way (getenv "WAY"))
(when (equal way "flycheck") (require 'flycheck))
(load (expand-file-name "emacs/fleetc.el" (getenv "EDITORS")) nil t)

(defun wait-until (done)
  "Wait until DONE, or give up."
  (let ((end (time-add nil 20)))
    (while (not (funcall done))
      (when (time-less-p end nil) (error "Nothing happened"))
      (accept-process-output nil 0.05))))

(defun problem (severity code message)
  "What is at point, as an object."
  (json-encode `((file . ,buffer-file-name) (line . ,(line-number-at-pos)) (column . ,(1+ (- (point) (line-beginning-position))))
                 (severity . ,severity) (code . ,code) (message . ,message))))

(defun by-compilation ()
  "What the places of a compilation are."
  (if (equal way "check") (fleetc-check) (compile "fleetc check --format concise"))
  (let ((buffer next-error-last-buffer) found)
    (wait-until (lambda () (not (get-buffer-process buffer))))
    (with-current-buffer buffer
      (compilation--ensure-parse (point-max))
      (goto-char (point-min))
      (while (condition-case nil (progn (compilation-next-error 1) t) (error nil))
        (let* ((line (buffer-substring-no-properties (line-beginning-position) (line-end-position)))
               (type (compilation--message->type (get-text-property (point) 'compilation-message)))
               (severity (nth type '("note" "warning" "error"))))
          (string-match "\\[\\(F[0-9]+\\)\\] \\(.*\\)$" line)
          (let ((code (match-string 1 line)) (message (match-string 2 line)))
            (save-window-excursion
              (save-current-buffer
                (compile-goto-error)
                (set-buffer (window-buffer))
                (push (problem severity code message) found)))))))
    found))

(defun by-flycheck ()
  "What Flycheck finds."
  (flycheck-mode 1)
  (unless (memq 'fleetc flycheck-checkers) (error "No checker"))
  (flycheck-buffer)
  (wait-until (lambda () (and flycheck-current-errors (not (flycheck-running-p)))))
  (mapcar
   (lambda (found)
     (let ((region (flycheck-error-region-for-mode found 'columns)))
       (save-excursion
         (goto-char (cdr region))
         (let ((end (1+ (- (point) (line-beginning-position)))) (end-line (line-number-at-pos)))
           (goto-char (car region))
           (json-encode
            `((endLine . ,end-line) (endColumn . ,end)
              . ,(json-read-from-string
                  (problem (pcase (flycheck-error-level found) ('error "error") ('warning "warning") (_ "note"))
                           (or (flycheck-error-id found) "")
                           (car (split-string (flycheck-error-message found) "\n"))))))))))
   flycheck-current-errors))

(find-file (getenv "FILE"))
(unless (eq major-mode 'fleetc-mode) (error "The mode is %s" major-mode))
(erase-buffer)
(insert-file-contents (getenv "TEXT"))
;; Comments: what `comment-region' writes.
(unless (equal (with-temp-buffer (fleetc-mode) (insert "a") (comment-region (point-min) (point-max)) (buffer-string)) "# a")
  (error "Comments"))
(let ((found (if (equal way "flycheck") (by-flycheck) (by-compilation))))
  (with-temp-file (getenv "RESULT")
    (insert (mapconcat #'identity found "\n") "\n")))
(kill-emacs 0)
;;; emacs.el ends here
