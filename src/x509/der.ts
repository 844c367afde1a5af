/** Told what is wrong with the bytes; throws the caller's own error, which knows where they came from. */
export type DerFailure = (problem: string) => never

/** One element of a DER structure. */
export interface DerElement {
  /** Identifier octet: class, constructed bit and tag number below 31. */
  readonly tag: number
  readonly content: Uint8Array
  /** The element as it stands in the input, header included. */
  readonly raw: Uint8Array
}

/** Identifier octets of the universal types that the readers of this folder meet. */
export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  sequence: 0x30,
  set: 0x31,
} as const

/** Identifier octet of the constructed context-specific tag `[number]`. */
export const contextTag = (number: number): number => 0xa0 + number

// Deeper than any structure read here; a bound all the same, should a reader ever recurse.
const MAX_DEPTH = 32

/**
 * A cursor over the elements of one DER value. Strict: lengths are definite and minimal and stay
 * inside the value, tag numbers are below 31. It never copies; elements are views of the input.
 *
 * @see https://www.itu.int/rec/T-REC-X.690
 */
export class DerReader {
  readonly #bytes: Uint8Array
  readonly #fail: DerFailure
  readonly #depth: number
  #at = 0

  constructor(bytes: Uint8Array, fail: DerFailure, depth = 0) {
    this.#bytes = bytes
    this.#fail = fail
    this.#depth = depth
    if (depth > MAX_DEPTH) this.fail('is nested too deeply')
  }

  /** Reports a problem the way the caller of the constructor asked for. */
  fail(problem: string): never {
    return this.#fail(problem)
  }

  /** Identifier octet of the next element; `undefined` at the end. */
  get nextTag(): number | undefined {
    return this.#bytes[this.#at]
  }

  /** Takes the next element, whatever it is. */
  take(): DerElement {
    const start = this.#at
    const tag = this.#octet()
    if ((tag & 0x1f) === 0x1f) this.fail('has a multi-byte tag')
    const length = this.#length()
    const from = this.#at
    if (length > this.#bytes.length - from) this.fail('ends early')
    this.#at = from + length
    return {
      tag,
      content: this.#bytes.subarray(from, this.#at),
      raw: this.#bytes.subarray(start, this.#at),
    }
  }

  /** Takes the next element, which must have this tag. */
  expect(tag: number): DerElement {
    if (this.nextTag !== tag) this.fail('is not laid out as expected')
    return this.take()
  }

  /** Takes the next element when it has this tag. */
  optional(tag: number): DerElement | undefined {
    return this.nextTag === tag ? this.take() : undefined
  }

  /** Takes the next element, which must be constructed and have this tag, and reads inside it. */
  enter(tag: number): DerReader {
    return this.inside(this.expect(tag).content)
  }

  /** Reads a value found inside this one: the content of an element, or what an OCTET STRING wraps. */
  inside(content: Uint8Array): DerReader {
    return new DerReader(content, this.#fail, this.#depth + 1)
  }

  /** Takes an OBJECT IDENTIFIER, in dotted form. */
  oid(): string {
    const { content } = this.expect(TAG.oid)
    // The largest identifiers in use have some twenty octets.
    if (content.length === 0 || content.length > 64 || (content.at(-1) ?? 0) > 0x7f) {
      this.fail('has a malformed object identifier')
    }
    const arcs: bigint[] = []
    let arc = 0n
    for (const octet of content) {
      if (arc === 0n && octet === 0x80) this.fail('has a malformed object identifier')
      arc = (arc << 7n) | BigInt(octet & 0x7f)
      if (octet < 0x80) {
        arcs.push(arc)
        arc = 0n
      }
    }
    const [first = 0n, ...rest] = arcs
    const root = first < 80n ? first / 40n : 2n
    return [root, first - root * 40n, ...rest].join('.')
  }

  /** Takes an INTEGER that must be at least 0; anything above 2^48 counts as 2^48. */
  count(): number {
    const { content } = this.expect(TAG.integer)
    const [first] = content
    if (first === undefined || first > 0x7f) return this.fail('has a malformed integer')
    if (content.length > 6) return 2 ** 48
    return content.reduce((value, octet) => value * 256 + octet, 0)
  }

  /** Takes a BOOLEAN. Any octet but 0 is true, as in the BER that some issuers write. */
  boolean(): boolean {
    const { content } = this.expect(TAG.boolean)
    if (content.length !== 1) this.fail('has a malformed boolean')
    return content[0] !== 0
  }

  /** Must be called when nothing may follow. */
  end(): void {
    if (this.#at !== this.#bytes.length) this.fail('has trailing bytes')
  }

  #octet(): number {
    const octet = this.#bytes[this.#at++]
    return octet ?? this.fail('ends early')
  }

  #length(): number {
    const first = this.#octet()
    if (first < 0x80) return first
    const octets = first & 0x7f
    if (octets === 0) this.fail('has an indefinite length')
    // Four octets count 4 GiB; no input comes near.
    if (octets > 4) this.fail('ends early')
    let length = 0
    for (let index = 0; index < octets; index++) length = length * 256 + this.#octet()
    if (length < 0x80 || length < 256 ** (octets - 1)) this.fail('has a length that is not minimal')
    return length
  }
}
