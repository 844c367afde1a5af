import { type ErrorCode, RolesAnywhereError } from '../errors.js'

/** What may stand beside a message for programs; never a secret. */
export type Detail = Readonly<
  Record<string, string | number | boolean | null | readonly string[] | undefined>
>

/** Optional tail of a finding. */
export interface FindingExtras {
  /** What to do, one sentence. */
  readonly hint?: string | undefined
  readonly detail?: Detail
  /** What may lie behind it, the likeliest first. */
  readonly causes?: readonly string[]
}

/** Outcome of one check. */
export type Finding = FindingExtras & { readonly message: string } & (
    | { readonly status: 'ok' | 'warning' | 'skipped' }
    /** The error that every command would fail with, or one like it: its kind decides the exit status. */
    | { readonly status: 'failed'; readonly error: RolesAnywhereError }
  )

/** What a check can come to, the good first. */
export type Status = Finding['status']

/** All is well. */
export const ok = (message: string, detail: Detail = {}): Finding => ({
  status: 'ok',
  message,
  detail,
})

/** It works, and somebody should look at it. */
export const warning = (message: string, hint: string, detail: Detail = {}): Finding => ({
  status: 'warning',
  message,
  hint,
  detail,
})

/** Nothing can be said. */
export const skipped = (message: string, hint?: string): Finding => ({
  status: 'skipped',
  message,
  hint,
})

/** It does not work. */
export const failed = (
  code: ErrorCode,
  message: string,
  hint: string,
  detail: Detail = {},
): Finding => failedBy(new RolesAnywhereError(code, message, { hint }), { detail })

/** It does not work, as an error says. Anything but the package's own errors is a bug, and thrown. */
export function failedBy(error: unknown, extras: FindingExtras = {}): Finding {
  if (!(error instanceof RolesAnywhereError)) throw error
  return { status: 'failed', message: error.message, hint: error.hint, error, ...extras }
}
