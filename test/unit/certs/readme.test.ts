import { X509Certificate } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { expect } from 'chai'
import { RolesAnywhereError } from '../../../src/errors.js'
import { certificateFacts } from '../../../src/x509/certificate-facts.js'
import { checkIdentity } from '../../../src/x509/check-identity.js'
import { readIdentity } from '../../../src/x509/read-identity.js'
import { createSigner } from '../../../src/x509/signer.js'
import { AT, certPath, CERTS, namedCert, PASSPHRASE, readCert } from '../../support/certs.js'

const README = readFileSync(new URL('../../../certs/README.md', import.meta.url), 'utf8')

/** Rows of the table below a heading, cell by cell. */
function rowsOf(heading: string): string[][] {
  const section = README.split(`## ${heading}\n`)[1]!.split('\n## ')[0]!
  const lines = section.split('\n').filter((line) => line.startsWith('|'))
  return lines.slice(2).map((line) =>
    line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim().replaceAll('\\\\', '\\')),
  )
}

const identities = rowsOf('Identities')
const certificates = rowsOf('Certificates')

describe('certs/README.md', () => {
  for (const [certificate, privateKey, intermediates, what, outcome] of identities) {
    it(`is right about ${certificate} with ${privateKey} and ${intermediates}: ${what}`, async () => {
      expect(await outcomeOf(certificate!, privateKey!, intermediates!)).to.equal(outcome)
    })
  }

  for (const [file, ...claims] of certificates) {
    it(`is right about what ${file} says of itself`, () => {
      const facts = certificateFacts(new X509Certificate(readCert(file!)))
      expect([
        facts.subject,
        facts.serialNumber,
        String(facts.version),
        facts.keyType,
        facts.signatureHash.name,
        facts.notBefore.toISOString().slice(0, 10),
        facts.notAfter.toISOString().slice(0, 10),
        facts.isCa ? 'yes' : 'no',
        facts.keyUsage?.join(', ') ?? 'absent',
      ]).to.deep.equal(claims)
    })
  }

  it('names every file', () => {
    const named = new Set([...identities, ...certificates].flatMap((row) => row.slice(0, 3)))
    expect(readdirSync(CERTS).filter((file) => !named.has(file))).to.deep.equal([])
  })

  it('describes a set that stays small', () => {
    const bytes = readdirSync(CERTS).reduce((sum, file) => sum + statSync(certPath(file)).size, 0)
    expect(bytes).to.be.below(300 * 1024)
  })
})

async function outcomeOf(
  certificate: string,
  privateKey: string,
  intermediates: string,
): Promise<string> {
  try {
    const identity = await readIdentity({
      certificate: namedCert(certificate),
      passphrase: PASSPHRASE,
      ...(privateKey === '-' ? {} : { privateKey: namedCert(privateKey, 'private key') }),
      ...(intermediates === '-'
        ? {}
        : { intermediates: namedCert(intermediates, 'intermediates') }),
    })
    checkIdentity(identity, AT)
    await createSigner(identity).sign(Buffer.from('string to sign'))
    const { chain, warnings } = identity
    return [
      'accepted',
      ...(chain.length > 0 ? [`chain of ${chain.length}`] : []),
      ...(warnings ? ['with warnings'] : []),
    ].join(', ')
  } catch (error) {
    if (error instanceof RolesAnywhereError) return error.code
    throw error
  }
}
