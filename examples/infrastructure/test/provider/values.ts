import { Decoder, Encoder, ExtData, ExtensionCodec } from '@msgpack/msgpack'

/** What Terraform will know only after the resource is there. */
export const UNKNOWN = new ExtData(0, Uint8Array.of(0))

/** A resource as it goes over the wire; `null` when there is none. */
export type Value = Readonly<Record<string, unknown>> | null

/** The extension types of unknown values, plain and with what is known all the same. */
const codec = new ExtensionCodec()
for (const type of [0, 12]) {
  codec.register({ type, encode: () => null, decode: () => UNKNOWN })
}
const encoder = new Encoder({ extensionCodec: codec })
const decoder = new Decoder({ extensionCodec: codec })

export const decode = (bytes: Uint8Array): Value => decoder.decode(bytes) as Value
export const encode = (value: Value): Buffer => Buffer.from(encoder.encode(value))
