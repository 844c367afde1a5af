import { isIPv4 } from 'node:net'
import { RolesAnywhereError } from '../src/errors.js'

/** Where a listener binds. */
export interface ListenAddress {
  /** An IPv6 address has no brackets here. */
  readonly host: string
  /** 0: any free port. */
  readonly port: number
}

/**
 * Reads `HOST:PORT`, `[IPv6]:PORT`, `:PORT` or `PORT`; without a host it is 127.0.0.1.
 *
 * @param flag Names the value in errors.
 * @throws RolesAnywhereError `ERR_RA_FLAG_INVALID`.
 */
export function parseListenAddress(text: string, flag: string): ListenAddress {
  const [, bracketed, plain, digits = ''] =
    /^(?:(?:\[([^\]]+)\]|([^:[\]]*)):)?(\d{1,5})$/.exec(text) ?? []
  const port = Number(digits)
  if (digits !== '' && port <= 65_535) return { host: bracketed ?? (plain || '127.0.0.1'), port }
  throw new RolesAnywhereError('ERR_RA_FLAG_INVALID', `flag --${flag} is not HOST:PORT`, {
    hint: `write it like --${flag} 127.0.0.1:9911, or with port 0 for any free port`,
  })
}

/** Whether only processes of this machine, or of this pod, can reach an address. */
export const isLoopback = ({ host }: ListenAddress): boolean =>
  host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'))
