import { type Arrived, header, headerValues } from '../http/exchange.js'

/** The Authorization header of an X.509 request, its parts still unproven. */
export interface X509Authorization {
  readonly algorithm: string
  readonly serial: bigint
  /** `20260102/eu-central-1/rolesanywhere/aws4_request`. */
  readonly scope: string
  readonly date: string
  readonly region: string
  readonly service: string
  readonly signedHeaders: readonly string[]
  readonly signature: Buffer
}

/** A serial number has at most 20 bytes, that is 49 digits; a longer one is not worth converting. */
const FORM =
  /^(AWS4-X509-[A-Z0-9-]+) +Credential=(0|[1-9]\d{0,63})\/(\d{8})\/([a-z0-9-]+)\/([a-z0-9-]+)\/aws4_request, ?SignedHeaders=([!-:<-~]+(?:;[!-:<-~]+)*), ?Signature=((?:[0-9a-f]{2})+)$/

/**
 * Reads the Authorization header.
 *
 * @returns `undefined` when there is not exactly one, or when it has another form.
 * @see https://docs.aws.amazon.com/rolesanywhere/latest/userguide/authentication-sign-process.html
 */
export function parseX509Authorization(arrived: Arrived): X509Authorization | undefined {
  if (headerValues(arrived, 'authorization').length !== 1) return undefined
  const match = FORM.exec(header(arrived, 'authorization') ?? '')
  if (!match) return undefined
  const [, algorithm = '', serial = '', date = '', region = '', service = ''] = match
  const [signed = '', signature = ''] = match.slice(6)
  return {
    algorithm,
    serial: BigInt(serial),
    scope: `${date}/${region}/${service}/aws4_request`,
    date,
    region,
    service,
    signedHeaders: signed.split(';'),
    signature: Buffer.from(signature, 'hex'),
  }
}
