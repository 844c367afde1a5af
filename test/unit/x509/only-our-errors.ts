import { expect } from 'chai'
import fc from 'fast-check'
import { RolesAnywhereError } from '../../../src/errors.js'
import { readIdentity } from '../../../src/x509/read-identity.js'
import { namedCert, PASSPHRASE } from '../../support/certs.js'

/** Fails when the action throws anything but a {@link RolesAnywhereError}. */
export async function onlyOurErrors(action: () => unknown): Promise<void> {
  await ourErrorOf(action)
}

async function ourErrorOf(action: () => unknown): Promise<RolesAnywhereError | undefined> {
  try {
    await action()
    return undefined
  } catch (error) {
    if (!(error instanceof RolesAnywhereError)) throw error
    return error
  }
}

/** A good file with some bytes changed, some cut off the end, or some put in. */
export const mutated = (good: Uint8Array): fc.Arbitrary<Buffer> => {
  const at = fc.nat({ max: good.length - 1 })
  return fc.oneof(
    fc.array(fc.tuple(at, fc.nat({ max: 255 })), { minLength: 1, maxLength: 4 }).map((changes) => {
      const bytes = Buffer.from(good)
      for (const [index, value] of changes) bytes[index] = value
      return bytes
    }),
    at.map((length) => Buffer.from(good.subarray(0, length))),
    fc
      .tuple(at, fc.uint8Array({ minLength: 1, maxLength: 8 }))
      .map(([index, extra]) =>
        Buffer.concat([good.subarray(0, index), extra, good.subarray(index)]),
      ),
  )
}

/** Reads bytes as a certificate file and, with a good certificate, as a key file; errors say what to do. */
export async function readEitherWay(bytes: Uint8Array): Promise<void> {
  const file = { name: 'file "mutated"', bytes }
  for (const files of [
    { certificate: file },
    { certificate: namedCert('ec-p256.pem'), privateKey: file },
  ]) {
    const error = await ourErrorOf(async () => readIdentity({ ...files, passphrase: PASSPHRASE }))
    if (error) expect(error.hint, error.message).to.be.a('string')
  }
}
