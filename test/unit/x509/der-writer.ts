/** Writes one DER element. */
export function der(tag: number, ...content: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(content)
  const { length } = body
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), body])
  const hex = length.toString(16)
  const octets = Buffer.from(hex.length % 2 === 1 ? `0${hex}` : hex, 'hex')
  return Buffer.concat([Buffer.from([tag, 0x80 | octets.length]), octets, body])
}

export const sequence = (...content: readonly Uint8Array[]): Buffer => der(0x30, ...content)
export const octetString = (...content: readonly Uint8Array[]): Buffer => der(0x04, ...content)
export const context = (number: number, ...content: readonly Uint8Array[]): Buffer =>
  der(0xa0 + number, ...content)

/** A small non-negative INTEGER. */
export function integer(value: number): Buffer {
  const hex = value.toString(16)
  const even = hex.length % 2 === 1 ? `0${hex}` : hex
  return der(0x02, Buffer.from(/^[89a-f]/.test(even) ? `00${even}` : even, 'hex'))
}

/** An OBJECT IDENTIFIER from its dotted form. */
export function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  const octets = [first * 40 + second, ...rest].flatMap((arc) => {
    const groups = [arc % 128]
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128)) {
      groups.unshift(0x80 | (left % 128))
    }
    return groups
  })
  return der(0x06, Buffer.from(octets))
}
