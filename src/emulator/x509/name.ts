import { AsnConvert } from '@peculiar/asn1-schema'
import type { Name } from '@peculiar/asn1-x509'

/** One attribute of a distinguished name. */
export interface Attribute {
  /** Short name where there is one, else the dotted object identifier. */
  readonly type: string
  readonly value: string
}

/**
 * Short names of attribute types, as session tags and RFC 4514 strings use them.
 *
 * @see https://docs.aws.amazon.com/rolesanywhere/latest/userguide/trust-model.html
 */
const SHORT_NAMES: Readonly<Record<string, string>> = {
  '2.5.4.3': 'CN',
  '2.5.4.4': 'SN',
  '2.5.4.5': 'serialNumber',
  '2.5.4.6': 'C',
  '2.5.4.7': 'L',
  '2.5.4.8': 'ST',
  '2.5.4.9': 'STREET',
  '2.5.4.10': 'O',
  '2.5.4.11': 'OU',
  '2.5.4.12': 'T',
  '2.5.4.42': 'GN',
  '2.5.4.43': 'I',
  '2.5.4.46': 'DNQ',
  '0.9.2342.19200300.100.1.1': 'UID',
  '0.9.2342.19200300.100.1.25': 'DC',
  '1.2.840.113549.1.9.1': 'E',
}

/** The attributes of a name in certificate order, those of a multi-valued RDN one after another. */
export function attributesOf(name: Name): Attribute[] {
  return [...name].flatMap((rdn) =>
    [...rdn].map(({ type, value }) => ({
      type: SHORT_NAMES[type] ?? type,
      value: value.toString(),
    })),
  )
}

/** The first value of an attribute type. */
export function firstValue(attributes: readonly Attribute[], type: string): string | undefined {
  return attributes.find((attribute) => attribute.type === type)?.value
}

/** DER of a name in base64. Two names are the same when these are. */
export function derOfName(name: Name): string {
  return Buffer.from(AsnConvert.serialize(name)).toString('base64')
}
