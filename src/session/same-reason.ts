import { RolesAnywhereError } from '../errors.js'

/** Whether two failures tell a person the same, so that it need not be said again. */
export function sameReason(one: unknown, other: unknown): boolean {
  if (one instanceof RolesAnywhereError && other instanceof RolesAnywhereError) {
    return (
      one.code === other.code && withoutInstants(one.message) === withoutInstants(other.message)
    )
  }
  return one instanceof Error && other instanceof Error && one.message === other.message
}

/** "It is now …" makes no new reason. */
const withoutInstants = (text: string): string =>
  text.replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'INSTANT')
