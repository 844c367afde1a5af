import { RolesAnywhereError } from '../../src/errors.js'

/** Cells of one object by the name of their column. */
export type Columns = Readonly<Record<string, unknown>>

/**
 * Asks for what `kubectl get` prints. Without an alternative: a server that makes no tables must not
 * send the object instead.
 *
 * @see https://kubernetes.io/docs/reference/using-api/api-concepts/#receiving-resources-as-tables
 */
export const TABLE = 'application/json;as=Table;g=meta.k8s.io;v=v1'

/**
 * Reads a table of one object.
 *
 * @param what Verb and path, for the message.
 * @throws RolesAnywhereError `ERR_RA_KUBE_INVALID`.
 */
export function columnsOf(table: unknown, what: string): Columns {
  const { columnDefinitions, rows } = table as {
    readonly columnDefinitions?: readonly { readonly name?: unknown }[]
    readonly rows?: readonly { readonly cells?: readonly unknown[] }[]
  }
  const cells = rows?.[0]?.cells
  if (Array.isArray(columnDefinitions) && Array.isArray(cells)) {
    return Object.fromEntries(columnDefinitions.map(({ name }, at) => [String(name), cells[at]]))
  }
  throw new RolesAnywhereError(
    'ERR_RA_KUBE_INVALID',
    `the answer to ${what} is not a table of one object`,
    { hint: 'check that the address is an API server and not something in between' },
  )
}
