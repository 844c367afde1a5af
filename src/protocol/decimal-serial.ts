import { RolesAnywhereError } from '../errors.js'

/** RFC 5280 allows 20 octets. Some CAs write more; a serial beyond this is not a serial. */
const MAX_HEX_DIGITS = 128

/**
 * Serial number of a certificate in decimal, as the credential in `Authorization` begins. A leading
 * sign octet of the DER form changes nothing.
 *
 * @param hex As `X509Certificate.serialNumber` says it; either case.
 * @param name What messages call the certificate.
 * @throws RolesAnywhereError `ERR_RA_CERTIFICATE_INVALID` when it is negative, empty or too long.
 * @see https://docs.aws.amazon.com/rolesanywhere/latest/userguide/authentication-sign-process.html
 */
export function decimalSerial(hex: string, name = 'certificate'): string {
  if (hex.length > MAX_HEX_DIGITS || !/^[0-9a-f]+$/i.test(hex)) {
    throw new RolesAnywhereError(
      'ERR_RA_CERTIFICATE_INVALID',
      `${name}: the serial number is not a positive integer of a sane length`,
      { hint: 'have the certificate issued again by a CA that follows RFC 5280' },
    )
  }
  return BigInt(`0x${hex}`).toString()
}
